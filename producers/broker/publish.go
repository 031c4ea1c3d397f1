package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Publisher publishes events and waits for the acks of all in-sync replicas. It is safe for concurrent use.
type Publisher struct{ client *kgo.Client }

// Publisher returns a new publisher. The caller closes it.
func (b *Broker) Publisher() (*Publisher, error) {
	cl, err := b.Client(
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(time.Millisecond),
	)
	if err != nil {
		return nil, err
	}
	return &Publisher{client: cl}, nil
}

// Publish sends events to their topics and returns when every one is acknowledged, or with the first
// error. After an error some events may have been written: publishing the same events again is right, since
// readers recognise repeated ids. While Kafka is away Publish waits until ctx ends.
func (p *Publisher) Publish(ctx context.Context, events ...event.Event) error {
	records := make([]event.Record, len(events))
	for i, e := range events {
		r, err := topic.Encode(e)
		if err != nil {
			return err
		}
		records[i] = r
	}
	_, err := p.PublishRecords(ctx, records...)
	return err
}

// PublishRecords is Publish for records that are already encoded, such as dead letters.
// It returns the position of each record, in order.
func (p *Publisher) PublishRecords(ctx context.Context, records ...event.Record) ([]event.Position, error) {
	out := make([]*kgo.Record, len(records))
	for i, r := range records {
		out[i] = ToRecord(r)
	}
	results := p.client.ProduceSync(ctx, out...)
	positions := make([]event.Position, len(records))
	for i, r := range out {
		positions[i] = event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
	}
	if err := results.FirstErr(); err != nil {
		return positions, fmt.Errorf("publishing %d records, first to %s: %w", len(records), records[0].Topic, err)
	}
	return positions, nil
}

// Close waits for nothing: Publish has already waited for its acks.
func (p *Publisher) Close() { p.client.Close() }
