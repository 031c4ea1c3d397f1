package stream_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestEmittedEventsInheritFromTheirCause(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asked := query("t1", "hello")
	asked.Tenant, asked.TraceParent = "acme", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	b.publish(t, asked)
	b.start(t, recorder(answer))
	b.awaitCommitted(t, 1)

	answers := streamtest.ReadAll(t, b.Broker, topic.Answers)
	require.Len(t, answers, 1)
	require.Equal(t, event.DeriveID(asked.ID, group, 0), answers[0].ID)
	require.Equal(t, "ragline/agent", answers[0].Source)
	require.Equal(t, "acme", answers[0].Tenant)
	require.Equal(t, asked.TraceParent, answers[0].TraceParent)
	require.Equal(t, "t1", answers[0].Key)
}

func TestRepeatAfterACrashBeforeTheCommitEmitsTheSameID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.FailCommits(-1) // what was published is never committed
	b.cfg.ShutdownTimeout = 300 * time.Millisecond
	b.publish(t, query("t1", "hello"))
	stop := b.start(t, recorder(answer))
	streamtest.Await(t, b.Broker, topic.Answers, 1, func(event.Event) bool { return true })
	require.NoError(t, stop())

	b.Heal()
	b.start(t, recorder(answer))
	b.awaitCommitted(t, 1)
	answers := streamtest.ReadAll(t, b.Broker, topic.Answers)
	require.Len(t, answers, 2)
	require.Equal(t, answers[0].ID, answers[1].ID)
}

func TestCommitThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refused := b.FailCommits(3)
	b.publish(t, queries(5)...)
	h := recorder(nil)
	b.start(t, h)
	b.awaitCommitted(t, 5)
	require.Equal(t, 3, refused.Hits())
	require.Equal(t, []int64{0, 1, 2, 3, 4}, h.Offsets())
}

func TestEventsOfOneKeyAreHandledInOrderAndOneAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const keys, each = 8, 20
	var events []event.Event
	for i := range keys * each {
		events = append(events, query(fmt.Sprint("t", i%keys), "q"))
	}
	b.publish(t, events...)
	var mu sync.Mutex
	busy, failed := map[string]bool{}, map[string]bool{}
	overlaps := 0
	h := recorder(func(_ context.Context, e event.Event, _ stream.Emitter) error {
		mu.Lock()
		if busy[e.Key] {
			overlaps++
		}
		busy[e.Key] = true
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		defer mu.Unlock()
		busy[e.Key] = false
		if first := !failed[e.ID]; first && e.Position.Offset%7 == 0 {
			failed[e.ID] = true
			return errors.New("try again") // its key waits with it
		}
		return nil
	})
	b.start(t, h)
	b.awaitCommitted(t, keys*each)
	require.Zero(t, overlaps)
	last := map[string]int64{}
	for _, e := range h.Events() {
		require.GreaterOrEqual(t, e.Position.Offset, last[e.Key], "key %s", e.Key)
		last[e.Key] = e.Position.Offset
	}
}

func TestSlowKeyHoldsTheWatermarkButNotTheOtherKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	release := make(chan struct{})
	h := recorder(func(_ context.Context, e event.Event, _ stream.Emitter) error {
		if e.Key == "slow" {
			<-release
		}
		return nil
	})
	b.publish(t, query("fast0", "q"), query("slow", "q"), query("fast1", "q"), query("fast2", "q"), query("fast3", "q"))
	b.start(t, h)
	h.Await(t, 5)
	b.awaitCommitted(t, 1) // the slow one is at offset 1
	close(release)
	b.awaitCommitted(t, 5)
}

func TestRecordThatWaitsForItsRetryHoldsNoSlot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.Slots = 1
	h := recorder(func(_ context.Context, e event.Event, _ stream.Emitter) error {
		if e.Key == "waits" {
			return stream.RetryIn(time.Hour, errors.New("rate limited"))
		}
		return nil
	})
	b.publish(t, query("waits", "q"), query("waits", "behind it"), query("other", "q"))
	b.start(t, h)
	events := h.Await(t, 2)
	require.Equal(t, []string{"waits", "other"}, []string{events[0].Key, events[1].Key})
}

func TestRunningHandlerFinishesAtShutdownAndIsCommitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	started, release := make(chan struct{}), make(chan struct{})
	h := recorder(func(ctx context.Context, e event.Event, out stream.Emitter) error {
		close(started)
		<-release
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return answer(ctx, e, out)
	})
	b.publish(t, query("t", "in hand"), query("t", "not begun"))
	c, err := stream.NewConsumer(b.cfg, b.deps, []string{topic.Queries}, h)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	<-started
	cancel()
	close(release)
	require.NoError(t, <-done)
	require.Len(t, h.Events(), 1)
	require.Len(t, streamtest.ReadAll(t, b.Broker, topic.Answers), 1)
	b.awaitCommitted(t, 1)
}

func TestHandlerThatOutlivesTheGraceIsCancelledAndRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.ShutdownTimeout = 300 * time.Millisecond
	started := make(chan struct{})
	stop := b.start(t, recorder(func(ctx context.Context, _ event.Event, _ stream.Emitter) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}))
	b.publish(t, query("t", "long"))
	<-started
	require.NoError(t, stop())
	offset, _ := b.Committed(group, topic.Queries, 0)
	require.LessOrEqual(t, offset, int64(0))

	again := recorder(nil)
	b.start(t, again)
	b.awaitCommitted(t, 1)
	require.Equal(t, []int64{0}, again.Offsets())
	require.Empty(t, b.deadLetters(t), "a cancelled handler has not failed")
}

func TestReadyIsClosedOnceTheGroupHasItsPartitions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c, err := stream.NewConsumer(b.cfg, b.deps, []string{topic.Queries}, recorder(nil))
	require.NoError(t, err)
	streamtest.Start(t, c.Run)
	<-c.Ready()
	require.Equal(t, 1, b.Fake.GroupInfo(group).NumAssigned())
}

func TestRouteSkipsOtherTypesAndTombstones(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.EnsureTopics(t.Context(), streamtest.Topic(topic.Documents, 1)))
	removed := event.Event{ID: event.NewID(), Type: "document.changed.v1", Source: "test", Tenant: "default", Time: time.Now(), Key: "doc"}
	b.publish(t, event.New("test", &event.DocumentChanged{DocumentId: "doc", Text: "x"}), removed)
	var texts []string
	b.start(t, stream.Route(group, stream.On(func(_ context.Context, _ event.Event, d *event.DocumentChanged, _ stream.Emitter) error {
		texts = append(texts, d.GetText())
		return nil
	})), topic.Documents)
	b.AwaitCommitted(t, group, topic.Documents, 0, 2)
	require.Equal(t, []string{"x"}, texts)

	all := &streamtest.Recorder{Group: "all"}
	b.start(t, all, topic.Documents)
	require.Nil(t, all.Await(t, 2)[1].Data, "a handler of its own sees removals")
}
