package stream_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// noise is text that does not compress: fetches are limited by the bytes on the wire.
func noise(bytes int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := make([]byte, bytes)
	for i := range text {
		text[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(text)
}

// publishOneByOne publishes n questions of random threads. Each is a batch of its own, which a fetch cannot split.
func (b *bundle) publishOneByOne(t *testing.T, n int, size func() int) {
	t.Helper()
	p, err := b.Publisher()
	require.NoError(t, err)
	defer p.Close()
	for range n {
		require.NoError(t, p.Publish(t.Context(), query(event.NewID(), noise(size()))))
	}
}

// peak remembers the most that was held whenever somebody looked.
type peak struct {
	budget *stream.Budget
	most   atomic.Int64
}

func (p *peak) look() {
	held := p.budget.Held()
	for most := p.most.Load(); held > most && !p.most.CompareAndSwap(most, held); most = p.most.Load() {
	}
}

func TestConsumerGoesOnWhileAnotherHasUsedUpTheSharedBudget(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const budget, questions = 1 << 20, 80
	b.deps.Budget = stream.NewBudget(budget)
	peak := peak{budget: b.deps.Budget}
	b.publishOneByOne(t, questions, func() int { return 60 << 10 })
	wait, release := blocked()
	look := func(context.Context, event.Event, stream.Emitter) error {
		peak.look()
		return nil
	}
	topics := []string{topic.Queries}
	slow, err := stream.NewConsumer(b.cfg, b.deps, topics, &streamtest.Recorder{Group: "slow", Then: wait})
	require.NoError(t, err)
	fast, err := stream.NewConsumer(b.cfg, b.deps, topics, recorder(look))
	require.NoError(t, err)

	streamtest.Start(t, slow.Run)
	eventually(t, "the slow one should be paused", func() bool { return b.metric(t, "ragline_stream_paused_partitions") == 1 })
	require.GreaterOrEqual(t, b.deps.Budget.Held(), int64(budget*7/8), "all but what is reserved for the other")
	streamtest.Start(t, fast.Run)
	b.awaitCommitted(t, questions)
	offset, _ := b.Committed("slow", topic.Queries, 0)
	require.LessOrEqual(t, offset, int64(0))

	release()
	b.AwaitCommitted(t, "slow", topic.Queries, 0, questions)
	eventually(t, "everything should be given back", func() bool { return b.deps.Budget.Held() == 0 })
	require.LessOrEqual(t, peak.most.Load(), int64(budget*5/4+2*64<<10), "the budget, and one fetch for each")
}

// The one that is resumed has nothing that would make it look by itself: its handlers hang.
func TestConsumerIsResumedWhenAnotherGivesTheBudgetBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.Budget = stream.NewBudget(1 << 20)
	b.publishOneByOne(t, 40, func() int { return 60 << 10 })
	waitFirst, releaseFirst := blocked()
	waitSecond, releaseSecond := blocked()
	defer releaseSecond()
	b.start(t, &streamtest.Recorder{Group: "first", Then: waitFirst})
	eventually(t, "the first should be paused", func() bool { return b.metric(t, "ragline_stream_paused_partitions") == 1 })
	second := recorder(waitSecond)
	b.start(t, second)
	eventually(t, "the second should be paused", func() bool { return b.metric(t, "ragline_stream_paused_partitions") == 2 })
	require.Less(t, len(second.Events()), 10)
	releaseFirst()
	second.Await(t, 10)
}

func TestConsumersThatShareASmallBudgetAllReachTheEnd(t *testing.T) {
	t.Parallel()
	b := setupPartitions(t, 3)
	d := newDice(t)
	const budget, largest, questions = 256 << 10, 60 << 10, 100
	b.publishOneByOne(t, questions, func() int { return 1 + d.intn(largest) })
	b.deps.Budget = stream.NewBudget(budget)
	b.cfg.MaxAttempts, b.cfg.BatchMaxBytes = 1000, 100<<10
	peak := peak{budget: b.deps.Budget}
	fault := func() error {
		peak.look()
		if d.intn(3) == 0 {
			return stream.RetryIn(time.Duration(d.intn(20))*time.Millisecond, errors.New("not yet"))
		}
		return nil
	}
	groups := []string{"one", "two", "three", "four"}
	for _, name := range groups[:2] {
		b.start(t, &streamtest.Recorder{Group: name, Then: func(context.Context, event.Event, stream.Emitter) error { return fault() }})
	}
	for _, name := range groups[2:] {
		c, err := stream.NewBatchConsumer(b.cfg, b.deps, []string{topic.Queries},
			&streamtest.BatchRecorder{Group: name, Then: func(context.Context, stream.Batch) error { return fault() }})
		require.NoError(t, err)
		streamtest.Start(t, c.Run)
	}
	ranges, err := b.Ranges(t.Context(), topic.Queries)
	require.NoError(t, err)
	for _, name := range groups {
		for p := range int32(3) {
			b.AwaitCommitted(t, name, topic.Queries, p, ranges[topic.Queries][p].End)
		}
	}
	eventually(t, "everything should be given back", func() bool { return b.deps.Budget.Held() == 0 })
	t.Logf("at most %d bytes were held", peak.most.Load())
	require.LessOrEqual(t, peak.most.Load(), int64(budget+2*len(groups)*largest))
}

func TestConsumerLeavesItsBudgetWhenItEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.Budget = stream.NewBudget(1 << 20)
	stop := b.start(t, recorder(nil))
	batches, err := stream.NewBatchConsumer(b.cfg, b.deps, []string{topic.Queries}, &streamtest.BatchRecorder{Group: "sink"})
	require.NoError(t, err)
	stopBatches := streamtest.Start(t, batches.Run)
	require.Equal(t, 2, b.deps.Budget.Consumers())
	require.NoError(t, stop())
	require.NoError(t, stopBatches())
	require.Zero(t, b.deps.Budget.Consumers())
}
