package stream_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// blocked returns a handler that waits for release, and the function that releases.
func blocked() (func(context.Context, event.Event, stream.Emitter) error, func()) {
	release := make(chan struct{})
	return func(context.Context, event.Event, stream.Emitter) error {
		<-release
		return nil
	}, func() { close(release) }
}

func TestPartitionIsPausedAtTheGapAndResumed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.MaxGap, b.cfg.Slots = 10, 1
	handle, release := blocked()
	h := recorder(handle)
	b.start(t, h)
	for range 30 { // one by one, so that a single poll cannot hold them all
		b.publish(t, queries(1)...)
	}
	eventually(t, "the partition should be paused", func() bool { return b.metric(t, "ragline_stream_paused_partitions") == 1 })
	release()
	b.awaitCommitted(t, 30)
	require.Len(t, h.Events(), 30)
	require.Zero(t, b.metric(t, "ragline_stream_paused_partitions"))
}

func TestAllPartitionsArePausedWhenTheByteBudgetIsUsedUp(t *testing.T) {
	t.Parallel()
	b := setupPartitions(t, 3)
	b.cfg.BudgetBytes = 1 << 20
	handle, release := blocked()
	b.start(t, recorder(handle))
	for range 40 {
		b.publish(t, query(event.NewID(), strings.Repeat("x", 60<<10)))
	}
	eventually(t, "every partition should be paused", func() bool { return b.metric(t, "ragline_stream_paused_partitions") == 3 })
	held := b.metric(t, "ragline_stream_in_flight_bytes")
	require.GreaterOrEqual(t, held, float64(1<<20))
	release()
	eventually(t, "everything should be given back", func() bool { return b.metric(t, "ragline_stream_in_flight_bytes") == 0 })
	require.Zero(t, b.metric(t, "ragline_stream_paused_partitions"))
}
