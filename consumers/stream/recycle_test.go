package stream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// reader is a handler that looks at its records again and again, gives every third batch another try, and keeps what it
// may keep: keys and values.
type reader struct {
	mu           sync.Mutex
	tries        map[[2]int64]int
	kept         map[string][2][]byte
	seen         map[string]string
	disagreement []string
}

func (r *reader) Name() string { return "sink" }

func placeOf(e event.Record) string { return fmt.Sprint(e.Partition, "/", e.Offset) }

func sayAll(e event.Record) string {
	return fmt.Sprint(string(e.Key), string(e.Value), e.Timestamp, e.Headers)
}

func (r *reader) HandleBatch(_ context.Context, b stream.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range b.Records {
		at := placeOf(e)
		if before, again := r.seen[at]; again && before != sayAll(e) {
			r.disagreement = append(r.disagreement, at)
		}
		r.seen[at], r.kept[at] = sayAll(e), [2][]byte{e.Key, e.Value}
	}
	of := [2]int64{int64(b.Partition), b.From}
	if r.tries[of]++; r.tries[of] == 1 && b.From%3 == 0 {
		return errors.New("once more")
	}
	return nil
}

func TestMemoryOfBatchesIsUsedAgainOnlyAfterThem(t *testing.T) {
	t.Parallel()
	cluster := streamtest.NewCluster(t, streamtest.Topic(topic.Queries, 3))
	cfg := streamtest.Config(t)
	cfg.BatchMaxRecords = 7
	r := &reader{tries: map[[2]int64]int{}, kept: map[string][2][]byte{}, seen: map[string]string{}}
	startBatches(t, cluster, cfg, r)
	var events []event.Event
	for i := range 600 {
		events = append(events, query(fmt.Sprint("thread ", i%50), fmt.Sprint("question ", i)))
	}
	for i := 0; i < len(events); i += 40 { // many small fetches, and records of one in several batches
		streamtest.Publish(t, cluster.Broker, events[i:i+40]...)
	}
	all := streamtest.ReadRecords(t, cluster.Broker, topic.Queries)
	require.Len(t, all, len(events))
	eventually(t, "every record is handled", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.seen) == len(all)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(t, r.disagreement)
	for _, e := range all {
		at := placeOf(e)
		require.Equal(t, sayAll(e), r.seen[at])
		require.Equal(t, [2][]byte{e.Key, e.Value}, r.kept[at])
	}
}
