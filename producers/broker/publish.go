package broker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Publisher publishes events and waits for the acks of all in-sync replicas. It is safe for concurrent use.
type Publisher struct{ client *kgo.Client }

// Publisher returns a new publisher with the cluster's options and opts. The caller closes it.
func (b *Broker) Publisher(opts ...kgo.Opt) (*Publisher, error) {
	cl, err := b.Client(append([]kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(time.Millisecond),
	}, opts...)...)
	if err != nil {
		return nil, err
	}
	return &Publisher{client: cl}, nil
}

// OneTry are options that make a publisher fail where it would try again, for a caller that reads back what was
// written: a broker that was killed has forgotten its producers, so that a second try may write a record twice.
// After an error open a new publisher: this one does not look for a partition's new leader before the next refresh.
func OneTry() []kgo.Opt {
	// An idempotent producer tries again after silence whatever RecordRetries says: its sequence must have no gap.
	return []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RecordRetries(0)}
}

// Publish sends events to their topics and returns when every one is acknowledged, or with the first
// error. After an error some events may have been written: publishing the same events again is right, since
// readers recognise repeated ids. While Kafka is away Publish waits until ctx ends, except with OneTry.
func (p *Publisher) Publish(ctx context.Context, events ...event.Event) error {
	records := make([]event.Record, len(events))
	for i, e := range events {
		r, err := topic.Encode(e)
		if err != nil {
			return err
		}
		if r.Topic == "" {
			return fmt.Errorf("publishing %q: no topic carries this type", e.Type)
		}
		records[i] = r
	}
	_, err := p.PublishRecords(ctx, records...)
	return err
}

// PublishRecords is Publish for records that are already encoded, such as dead letters.
// It returns the position of each record, in order, or the first error. It returns when ctx ends even if Kafka
// hangs; what is on its way then may still be written.
func (p *Publisher) PublishRecords(ctx context.Context, records ...event.Record) ([]event.Position, error) {
	var (
		positions = make([]event.Position, len(records))
		errs      = make([]error, len(records))
		acks      sync.WaitGroup
		done      = make(chan struct{})
	)
	acks.Add(len(records))
	for i, r := range records {
		p.client.Produce(ctx, ToRecord(r), func(r *kgo.Record, err error) {
			defer acks.Done()
			positions[i] = event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
			errs[i] = err
		})
	}
	go func() {
		acks.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		// The client does not give up a record that is on its way, or a later one could overtake it or be
		// written twice. It ends with an ack or with Close.
		return nil, fmt.Errorf("publishing %d records, first to %s: %w", len(records), records[0].Topic, ctx.Err())
	}
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("publishing record %d of %d to %s: %w", i+1, len(records), records[i].Topic, err)
		}
	}
	return positions, nil
}

// Close waits for nothing: Publish has already waited for its acks.
func (p *Publisher) Close() { p.client.Close() }
