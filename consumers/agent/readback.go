package agent

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// outboxTopics are all that the outbox writes to.
func outboxTopics() []string {
	return []string{topic.Answers, topic.Spans, topic.Interactions, topic.Reviews, topic.Quotations, topic.Enquiries}
}

// readBack finds the unsent messages that have been published after all: the process ended, or the connection broke,
// between the broker's write and the note of it. It reads from the last confirmed offsets to the ends.
func (o *outbox) readBack(ctx context.Context) error {
	offsets, err := o.confirmed(ctx)
	if err != nil {
		return err
	}
	unsent := map[string]checkpoint.Message{}
	topics := map[string]bool{}
	for after := int64(0); ; {
		list, err := o.store.Unsent(ctx, after, outboxBatch)
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		for _, m := range list {
			unsent[m.ID], topics[m.Topic], after = m, true, m.Seq
		}
		if len(list) < outboxBatch {
			break
		}
	}
	if len(unsent) == 0 {
		return nil
	}
	var found []int64
	last := lastOffsets{}
	cfg := broker.FollowConfig{Offsets: offsets, Stop: true}
	for name := range topics {
		cfg.Topics = append(cfg.Topics, name)
	}
	err = o.broker.Follow(ctx, cfg, func(r event.Record) error {
		last.add(event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
		if m, ok := unsent[r.Header(event.HeaderID)]; ok && m.Topic == r.Topic {
			delete(unsent, m.ID)
			found = append(found, m.Seq)
		}
		return nil
	})
	if err == nil {
		err = ctx.Err() // Follow ends with nil then, too, but has not read everything
	}
	if err != nil {
		return fmt.Errorf("reading the topics of the outbox back: %w", err)
	}
	if err := o.store.Confirm(ctx, found, last.positions()); err != nil {
		return fmt.Errorf("confirming the outbox: %w", err)
	}
	o.metrics.readBack.Add(float64(len(found)))
	return nil
}

// confirmed returns the offsets to read back from. A topic that has none yet has had nothing from this store:
// its ends are noted before the first message, so that what others wrote before is never read.
func (o *outbox) confirmed(ctx context.Context) (map[string]map[int32]int64, error) {
	known, err := o.store.Confirmed(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading confirmed offsets: %w", err)
	}
	out := map[string]map[int32]int64{}
	for _, p := range known {
		if out[p.Topic] == nil {
			out[p.Topic] = map[int32]int64{}
		}
		out[p.Topic][p.Partition] = p.Offset
	}
	var fresh []string
	for _, name := range outboxTopics() {
		if out[name] == nil {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return out, nil
	}
	return out, o.baseline(ctx, fresh, out)
}

// baseline notes the ends of topics.
func (o *outbox) baseline(ctx context.Context, topics []string, into map[string]map[int32]int64) error {
	cl, err := o.broker.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("listing the ends of the outbox's topics: %w", err)
	}
	var at []checkpoint.Position
	ends.Each(func(l kadm.ListedOffset) {
		at = append(at, checkpoint.Position{Topic: l.Topic, Partition: l.Partition, Offset: l.Offset})
		if into[l.Topic] == nil {
			into[l.Topic] = map[int32]int64{}
		}
		into[l.Topic][l.Partition] = l.Offset
	})
	if err := o.store.Confirm(ctx, nil, at); err != nil {
		return fmt.Errorf("noting the ends of the outbox's topics: %w", err)
	}
	return nil
}
