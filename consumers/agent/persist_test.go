package agent_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

var errFull = errors.New("disk full")

// full is a store that refuses the next acceptances and decisions.
type full struct {
	checkpoint.Store
	accepts, decides atomic.Int32
}

func (s *full) Accept(ctx context.Context, acceptance checkpoint.Acceptance) (bool, error) {
	if s.accepts.Add(-1) >= 0 {
		return false, errFull
	}
	return s.Store.Accept(ctx, acceptance)
}

func (s *full) Decide(ctx context.Context, d checkpoint.Decision) (checkpoint.Decided, error) {
	if s.decides.Add(-1) >= 0 {
		return checkpoint.Decided{}, errFull
	}
	return s.Store.Decide(ctx, d)
}

func TestStoreThatCannotBeWrittenMakesNoDeadLetters(t *testing.T) {
	t.Parallel()
	r := setup(t)
	store, log := &full{Store: checkpoint.NewMemory()}, &streamtest.Log{}
	store.accepts.Store(3)
	store.decides.Store(3)
	a := r.open(t, config(t), agent.Deps{Store: store, Logger: log.Logger()})
	streamtest.Start(t, a.Run)
	cfg := streamtest.Config(t)
	cfg.MaxAttempts = 1
	c, err := stream.NewConsumer(cfg, streamtest.Deps(r.Broker), agent.Topics(), a.Handler())
	require.NoError(t, err)
	streamtest.Start(t, c.Run)

	q := query("thread", quotationAsked)
	streamtest.Publish(t, r.Broker, q)
	streamtest.Publish(t, r.Broker, decision(r.requested(t, q), event.Decision_DECISION_APPROVE, "", ""))
	require.True(t, r.answers(t, q)[0].GetSuccess())
	require.Equal(t, 2, log.Count("the store cannot be written"), "one warning for each")
}

func TestHandlerGivesUpWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	r := setup(t)
	store := &full{Store: checkpoint.NewMemory()}
	store.accepts.Store(1 << 30)
	a := r.open(t, config(t), agent.Deps{Store: store})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, a.Handler().Handle(ctx, query("thread", "?"), nil))
}

func TestThreadWhoseStateCannotBeBuiltIsAnsweredAsFailed(t *testing.T) {
	t.Parallel()
	r := setup(t)
	store := checkpoint.NewMemory()
	thread := `"default"/thread`
	_, err := store.Accept(t.Context(), checkpoint.Acceptance{
		Run: checkpoint.Run{ID: "before", ThreadID: thread, CreatedAt: time.Now()},
		Input: []checkpoint.Checkpoint{{
			ID: "c", ThreadID: thread, RunID: "before", Writes: []checkpoint.Write{{Key: "of another version", Value: []byte("1")}},
		}},
	})
	require.NoError(t, err)
	require.NoError(t, store.Commit(t.Context(), checkpoint.Commit{ThreadID: thread, RunID: "before", Status: checkpoint.StatusDone}))
	a := r.open(t, config(t), agent.Deps{Store: store})
	streamtest.Start(t, a.Run)
	q := query("thread", "What is a low-E valve?")
	deliver(t, a, q)
	require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, r.answers(t, q)[0].GetState())
}
