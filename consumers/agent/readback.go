package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// readBackPage is how many ids are read from the store at a time.
const readBackPage = 4096

// outboxTopics are all that the outbox writes to.
func outboxTopics() []string {
	return []string{
		topic.Answers, topic.Spans, topic.Interactions, topic.Reviews, topic.Quotations, topic.Enquiries, topic.Queries, // those of the server
	}
}

// readBack finds the unsent messages that have been published after all: the process ended, or the connection broke,
// between the broker's write and the note of it. It reads from the last confirmed offsets to the ends.
func (o *outbox) readBack(ctx context.Context) error {
	offsets, err := o.confirmed(ctx)
	if err != nil {
		return err
	}
	unsent, topics, err := o.unsent(ctx)
	if err != nil || len(unsent) == 0 {
		return err
	}
	var found []int64
	last := lastOffsets{}
	cfg := broker.FollowConfig{Topics: topics, Offsets: offsets, Stop: true}
	err = o.broker.Follow(ctx, cfg, func(r event.Record) error {
		last.add(event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
		if m, ok := unsent[r.Header(event.HeaderID)]; ok && m.topic == r.Topic {
			delete(unsent, r.Header(event.HeaderID))
			found = append(found, m.seq)
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

// place is the row of a message and the topic that it belongs on.
type place struct {
	seq   int64
	topic string
}

// unsent returns the rows of the outbox by id, and their topics. Of each message it keeps no more than that.
func (o *outbox) unsent(ctx context.Context) (map[string]place, []string, error) {
	byID, byTopic := map[string]place{}, map[string]string{}
	for after := int64(0); ; {
		list, err := o.store.UnsentIDs(ctx, after, readBackPage)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the outbox: %w", err)
		}
		for _, m := range list {
			if byTopic[m.Topic] == "" {
				byTopic[m.Topic] = m.Topic // one string for all rows
			}
			byID[m.ID], after = place{m.Seq, byTopic[m.Topic]}, m.Seq
		}
		if len(list) < readBackPage {
			return byID, slices.Collect(maps.Keys(byTopic)), nil
		}
	}
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
