package streamtest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// ReadRecords returns every record of the topics that is there now, in the order of each partition.
func ReadRecords(t testing.TB, b *broker.Broker, topics ...string) []event.Record {
	t.Helper()
	var records []event.Record
	err := b.Follow(t.Context(), broker.FollowConfig{Topics: topics, Stop: true}, func(r event.Record) error {
		records = append(records, r)
		return nil
	})
	require.NoError(t, err)
	return records
}

// ReadAll returns every event of a topic that is there now, in the order of each partition. A record that is no
// event fails the test.
func ReadAll(t testing.TB, b *broker.Broker, name string) []event.Event {
	t.Helper()
	var events []event.Event
	for _, r := range ReadRecords(t, b, name) {
		e, err := topic.Decode(r)
		require.NoError(t, err, "record %d of %s/%d", r.Offset, r.Topic, r.Partition)
		events = append(events, e)
	}
	return events
}

// Await follows a topic from its start until match has returned true for n events, and returns those. It fails
// the test when they do not come.
func Await(t testing.TB, b *broker.Broker, name string, n int, match func(event.Event) bool) []event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLong)
	defer cancel()
	var found []event.Event
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{name}}, func(r event.Record) error {
		e, err := topic.Decode(r)
		if err != nil {
			return err
		}
		if match(e) {
			found = append(found, e)
		}
		if len(found) == n {
			cancel()
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, found, n, "matching events on %s", name)
	return found
}

// Publish publishes events and waits for their acks.
func Publish(t testing.TB, b *broker.Broker, events ...event.Event) {
	t.Helper()
	p, err := b.Publisher()
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, p.Publish(t.Context(), events...))
}

// PublishRecords publishes records as they are, poison included, and waits for their acks.
func PublishRecords(t testing.TB, b *broker.Broker, records ...event.Record) []event.Position {
	t.Helper()
	p, err := b.Publisher()
	require.NoError(t, err)
	defer p.Close()
	positions, err := p.PublishRecords(t.Context(), records...)
	require.NoError(t, err)
	return positions
}

// Start runs a consumer until the test ends, or until the returned function is called, which returns Run's error.
func Start(t testing.TB, run func(context.Context) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = run(ctx)
	}()
	end := func() error {
		cancel()
		<-done
		return err
	}
	var stopped atomic.Bool
	t.Cleanup(func() {
		if err := end(); !stopped.Load() {
			require.NoError(t, err)
		}
	})
	return func() error {
		stopped.Store(true)
		return end()
	}
}
