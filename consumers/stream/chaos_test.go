package stream_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const chaosRounds = 6

// dice is a seeded source of faults for several goroutines.
type dice struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

func (d *dice) intn(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rnd.IntN(n)
}

func newDice(t *testing.T) *dice {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &dice{rnd: rand.New(rand.NewPCG(seed, 1))}
}

// crash takes a consumer away as kill -9 would: its handlers are cut off and nothing of it is committed any more.
func (b *bundle) crash(t *testing.T, stop func() error) {
	t.Helper()
	b.FailCommits(-1)
	err := stop()
	b.Heal()
	require.NoError(t, err)
}

// store is a database that ignores a token which it has seen, as ClickHouse does.
type store struct {
	mu     sync.Mutex
	tokens map[string]bool
	rows   map[event.Position]int
}

func (s *store) insert(b stream.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := fmt.Sprintf("%s/%d/%d-%d", b.Topic, b.Partition, b.From, b.To)
	if s.tokens[token] {
		return
	}
	s.tokens[token] = true
	for _, r := range b.Records {
		s.rows[event.Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}]++
	}
}

func TestBatchesAreStoredExactlyOnceOverCrashesAndRebalances(t *testing.T) {
	t.Parallel()
	b := setupPartitions(t, 3)
	b.cfg.ShutdownTimeout, b.cfg.SessionTimeout = 300*time.Millisecond, time.Second
	d := newDice(t)
	s := &store{tokens: map[string]bool{}, rows: map[event.Position]int{}}
	insert := func(_ context.Context, batch stream.Batch) error {
		switch d.intn(6) {
		case 0:
			return errors.New("refused")
		case 1:
			s.insert(batch)
			return errors.New("the ack was lost")
		}
		s.insert(batch)
		return nil
	}
	member := func() (func() error, *streamtest.BatchRecorder) {
		cfg := b.cfg
		cfg.BatchMaxRecords = 1 + d.intn(20)
		h := &streamtest.BatchRecorder{Group: group, Then: insert}
		return startBatches(t, b.Cluster, cfg, h), h
	}
	stopFirst, _ := member()
	published := 0
	for range chaosRounds {
		published += len(b.spread(t, 40))
		stopSecond, h := member()
		published += len(b.spread(t, 40))
		if d.intn(2) == 0 {
			eventually(t, "the second member should work", func() bool {
				published += len(b.spread(t, 5))
				return len(h.Batches()) > 0
			})
		}
		if d.intn(3) == 0 {
			b.EvictMember(t, group)
		}
		b.crash(t, stopFirst)
		stopFirst = stopSecond
	}
	b.awaitEnds(t, 3)
	require.NoError(t, stopFirst())
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.rows, published, "nothing is missing")
	for at, times := range s.rows {
		require.Equal(t, 1, times, "%v", at)
	}
}

func TestEveryQueryIsAnsweredOverCrashesAndRebalances(t *testing.T) {
	t.Parallel()
	b := setupPartitions(t, 3)
	b.cfg.ShutdownTimeout, b.cfg.SessionTimeout, b.cfg.MaxGap = 300*time.Millisecond, time.Second, 20
	d := newDice(t)
	member := func() (func() error, *streamtest.Recorder) {
		h := recorder(func(ctx context.Context, e event.Event, out stream.Emitter) error {
			switch d.intn(10) {
			case 0:
				return errors.New("once more")
			case 1:
				panic("boom")
			}
			return answer(ctx, e, out)
		})
		return b.start(t, h), h
	}
	b.cfg.MaxAttempts = 1000
	want := map[string]bool{}
	ask := func(n int) {
		for id := range b.spread(t, n) {
			want[event.DeriveID(id, group, 0)] = true
		}
	}
	stopFirst, _ := member()
	for range chaosRounds {
		ask(40)
		stopSecond, h := member()
		ask(40)
		if d.intn(2) == 0 {
			eventually(t, "the second member should work", func() bool {
				ask(5)
				return len(h.Events()) > 0
			})
		}
		if d.intn(3) == 0 {
			b.EvictMember(t, group)
		}
		b.crash(t, stopFirst)
		stopFirst = stopSecond
	}
	b.awaitEnds(t, 3)
	require.NoError(t, stopFirst())
	have := map[string]bool{}
	for _, e := range streamtest.ReadAll(t, b.Broker, topic.Answers) {
		have[e.ID] = true
	}
	require.Equal(t, want, have)
}

// awaitEnds waits until the group has committed the ends of all partitions of queries.
func (b *bundle) awaitEnds(t *testing.T, partitions int32) {
	t.Helper()
	ranges, err := b.Ranges(t.Context(), topic.Queries)
	require.NoError(t, err)
	for p := range partitions {
		b.AwaitCommitted(t, group, topic.Queries, p, ranges[topic.Queries][p].End)
	}
}
