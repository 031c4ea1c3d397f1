package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// outboxBatch is how many messages are published and confirmed together.
const outboxBatch = 256

// publisher publishes records and returns their positions, in order, when all are acknowledged.
type publisher interface {
	PublishRecords(ctx context.Context, records ...event.Record) ([]event.Position, error)
}

// outbox publishes the store's messages in order, each once. It is the only one that does.
type outbox struct {
	store   checkpoint.Outbox
	broker  *broker.Broker
	crew    *crew
	logger  *slog.Logger
	metrics *metrics
	wake    chan struct{}
	// wrap is for tests.
	wrap func(publisher) publisher
}

func newOutbox(store checkpoint.Outbox, b *broker.Broker, c *crew, logger *slog.Logger, m *metrics) *outbox {
	return &outbox{store: store, broker: b, crew: c, logger: logger, metrics: m, wake: make(chan struct{}, 1)}
}

// notify says that there are messages. It does not block.
func (o *outbox) notify() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run publishes until ctx ends. After every error it is unknown what was written, so each round begins by reading back.
func (o *outbox) run(ctx context.Context) error {
	wait := broker.Backoff()
	for {
		err := o.round(ctx, wait.Reset)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		o.logger.Warn("publishing the outbox was interrupted, starting again", "error", err)
		pause(ctx, wait.NextBackOff())
	}
}

// round publishes until the first error or the end of ctx. Its publisher never tries anything twice, and is gone with
// the round: nothing of it is on its way when the next round reads back.
func (o *outbox) round(ctx context.Context, going func()) error {
	if err := o.crew.publish(ctx); err != nil {
		return err
	}
	p, err := o.broker.Publisher(broker.OneTry()...)
	if err != nil {
		return fmt.Errorf("opening the outbox's publisher: %w", err)
	}
	defer p.Close()
	var pub publisher = p
	if o.wrap != nil {
		pub = o.wrap(pub)
	}
	if err := o.readBack(ctx); err != nil {
		return err
	}
	for {
		if err := o.drain(ctx, pub); err != nil {
			return err
		}
		going()
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		case <-o.crew.look(): // others have no way to wake this process
		}
	}
}

// drain publishes until the outbox is empty.
func (o *outbox) drain(ctx context.Context, p publisher) error {
	for {
		list, err := o.store.Unsent(ctx, 0, outboxBatch)
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		if err := o.publish(ctx, p, list); err != nil {
			return err
		}
	}
}

func (o *outbox) publish(ctx context.Context, p publisher, list []checkpoint.Message) error {
	records := make([]event.Record, len(list))
	for i, m := range list {
		records[i] = recordOf(m)
	}
	at, err := o.send(ctx, p, records...)
	if errors.Is(err, kerr.MessageTooLarge) {
		return o.publishApart(ctx, p, list)
	}
	if err != nil {
		return fmt.Errorf("publishing the outbox: %w", err)
	}
	return o.confirm(ctx, list, at)
}

// send publishes within the time for which this process is the one that publishes.
func (o *outbox) send(ctx context.Context, p publisher, records ...event.Record) ([]event.Position, error) {
	ctx, cancel, err := o.crew.publishing(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return p.PublishRecords(ctx, records...)
}

// publishApart finds the message that no broker takes and gives it up, loudly: it would hold up all others for ever.
// What of the batch was written before the error is known to be only what the broker acknowledges now, so it reads back first.
func (o *outbox) publishApart(ctx context.Context, p publisher, list []checkpoint.Message) error {
	if err := o.readBack(ctx); err != nil {
		return err
	}
	list, err := o.store.Unsent(ctx, 0, len(list))
	if err != nil {
		return fmt.Errorf("reading the outbox: %w", err)
	}
	for _, m := range list {
		at, err := o.send(ctx, p, recordOf(m))
		switch {
		case errors.Is(err, kerr.MessageTooLarge):
			o.logger.Error("a message is larger than the broker takes and was given up", "topic", m.Topic, "id", m.ID, "bytes", len(m.Value))
			at = nil
		case err != nil:
			return fmt.Errorf("publishing the outbox: %w", err)
		}
		if err := o.confirm(ctx, []checkpoint.Message{m}, at); err != nil {
			return err
		}
	}
	return nil
}

// confirm stores what was acknowledged. It goes through when ctx has ended in between: what is known should not be read back.
func (o *outbox) confirm(ctx context.Context, list []checkpoint.Message, at []event.Position) error {
	seqs := make([]int64, len(list))
	for i, m := range list {
		seqs[i] = m.Seq
	}
	last := lastOffsets{}
	for _, p := range at {
		last.add(p)
	}
	if err := o.store.Confirm(context.WithoutCancel(ctx), seqs, last.positions()); err != nil {
		return fmt.Errorf("confirming the outbox: %w", err)
	}
	o.metrics.published.Add(float64(len(at)))
	return nil
}

// lastOffsets is the greatest offset of each partition, by its position at offset 0.
type lastOffsets map[event.Position]int64

func (l lastOffsets) add(p event.Position) {
	key := event.Position{Topic: p.Topic, Partition: p.Partition}
	l[key] = max(l[key], p.Offset)
}

// positions returns the offsets after the greatest.
func (l lastOffsets) positions() []checkpoint.Position {
	var out []checkpoint.Position
	for key, offset := range l {
		out = append(out, checkpoint.Position{Topic: key.Topic, Partition: key.Partition, Offset: offset + 1})
	}
	return out
}

func recordOf(m checkpoint.Message) event.Record {
	r := event.Record{Topic: m.Topic, Key: m.Key, Value: m.Value}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, event.Header(h))
	}
	return r
}
