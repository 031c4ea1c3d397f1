package stream_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// spread publishes n questions of as many threads and returns their ids.
func (b *bundle) spread(t *testing.T, n int) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	events := make([]event.Event, n)
	for i := range events {
		events[i] = query(event.NewID(), "q")
		ids[events[i].ID] = true
	}
	b.publish(t, events...)
	return ids
}

func TestPartitionsMoveBetweenMembersWithoutLoss(t *testing.T) {
	t.Parallel()
	const partitions = 4
	b := setupPartitions(t, partitions)
	var mu sync.Mutex
	handled := map[string]int{}
	count := func(_ context.Context, e event.Event, _ stream.Emitter) error {
		mu.Lock()
		defer mu.Unlock()
		handled[e.ID]++
		return nil
	}
	want := b.spread(t, 300)
	b.start(t, recorder(count))
	second := recorder(count)
	stopSecond := b.start(t, second)
	eventually(t, "the second member should get partitions while the first works", func() bool {
		b.spread(t, 10)
		info := b.Fake.GroupInfo(group)
		return info != nil && len(info.Members) == 2 && info.Members[0].NumAssigned() == 2 && info.Members[1].NumAssigned() == 2
	})
	require.NoError(t, stopSecond()) // and goes again
	for id := range b.spread(t, 100) {
		want[id] = true
	}
	eventually(t, "everything should be handled", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for id := range want {
			if handled[id] == 0 {
				return false
			}
		}
		return true
	})
	ranges, err := b.Ranges(t.Context(), topic.Queries)
	require.NoError(t, err)
	for p := range int32(partitions) {
		b.AwaitCommitted(t, group, topic.Queries, p, ranges[topic.Queries][p].End)
	}
	mu.Lock()
	defer mu.Unlock()
	for id, times := range handled {
		require.Equal(t, 1, times, "event %s: an orderly move repeats nothing", id)
	}
}

func TestLateResultAfterARevokeCommitsNothing(t *testing.T) {
	t.Parallel()
	b := setupPartitions(t, 2)
	b.cfg.ShutdownTimeout = 500 * time.Millisecond // what runs is abandoned soon
	b.spread(t, 20)
	releaseFirst, releaseSecond := make(chan struct{}), make(chan struct{})
	stuck := func(release chan struct{}) func(context.Context, event.Event, stream.Emitter) error {
		return func(context.Context, event.Event, stream.Emitter) error { // ignores its context
			<-release
			return nil
		}
	}
	first, second := recorder(stuck(releaseFirst)), recorder(stuck(releaseSecond))
	b.start(t, first)
	first.Await(t, 16) // all slots, over both partitions
	b.start(t, second)
	moved := second.Await(t, 1)[0].Position.Partition
	kept := 1 - moved

	ranges, err := b.Ranges(t.Context(), topic.Queries)
	require.NoError(t, err)
	close(releaseFirst) // the first member's results for both partitions come now
	b.AwaitCommitted(t, group, topic.Queries, kept, ranges[topic.Queries][kept].End)
	offset, _ := b.Committed(group, topic.Queries, moved)
	require.LessOrEqual(t, offset, int64(0), "nothing of the moved partition is finished by its owner")
	close(releaseSecond)
	b.AwaitCommitted(t, group, topic.Queries, moved, ranges[topic.Queries][moved].End)
}

func TestMemberThatLostItsSessionJoinsAgainAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := recorder(nil)
	b.start(t, h)
	b.spread(t, 10)
	b.awaitCommitted(t, 10)
	b.EvictMember(t, group)
	b.spread(t, 10)
	b.awaitCommitted(t, 20)
	eventually(t, "the loss should be counted", func() bool { return b.metric(t, "ragline_stream_rebalances_total") >= 3 })
}
