package backend_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

func TestTheSecondAnswerIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.start(f.thread("a"), "ask me")
	target := f.work("a").ID
	f.decided = func() { f.decideElsewhere(target) }
	late := answer("a", "no")
	_, err := f.Start(t.Context(), late)
	require.ErrorIs(t, err, api.ErrBusy)
	_, err = f.Run(t.Context(), late.ID)
	require.ErrorIs(t, err, api.ErrNotFound)
	runs, err := f.Runs(t.Context(), api.RunQuery{ThreadID: "a", Limit: 10})
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Equal(t, first.ID, runs[0].ID)
}

func TestOneOfManyAnswersIsTaken(t *testing.T) {
	t.Parallel()
	for _, strategy := range []api.Multitask{api.Reject, api.Enqueue} {
		f := newFixture(t)
		f.start(f.thread("a"), "ask me")
		f.work("a")
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() {
				s := answer("a", "yes")
				s.Multitask = strategy
				_, results[i] = f.Start(t.Context(), s)
			})
		}
		wg.Wait()
		taken := 0
		for _, err := range results {
			if err == nil {
				taken++
				continue
			}
			require.ErrorIs(t, err, api.ErrBusy)
		}
		require.Equal(t, 1, taken)
		require.Zero(t, f.Waiting())
	}
}

func TestRejectHoldsWhileAnotherIsStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.thread("a")
		var second error
		f.ready = func() {
			f.ready = nil
			go func() {
				s := begin("a", "go")
				s.Multitask = api.Reject
				_, second = f.Start(t.Context(), s)
			}()
			synctest.Wait() // the second is at the gate, or through it
		}
		s := begin("a", "go")
		s.Multitask = api.Reject
		_, err := f.Start(t.Context(), s)
		require.NoError(t, err)
		synctest.Wait()
		require.ErrorIs(t, second, api.ErrBusy)
	})
}

func TestWhoGivesUpAtTheGateLeavesIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.thread("a")
	f.ready = func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Start(ctx, begin("a", "go"))
		require.ErrorIs(t, err, context.Canceled)
	}
	f.start("a", "go")
	require.Zero(t, f.Waiting())
}

func TestAQuestionOutlivesARunThatIsNotAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.start(f.thread("a"), "ask me")
	waiting := f.work("a")
	f.refuse = errStore
	s := begin("a", "go")
	_, err := f.Start(t.Context(), s)
	require.ErrorIs(t, err, errStore)
	_, err = f.Run(t.Context(), s.ID)
	require.ErrorIs(t, err, api.ErrNotFound)
	f.refuse = nil
	now, err := f.store.Run(t.Context(), waiting.ID)
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusInterrupted, now.Status)
	_, err = f.Start(t.Context(), answer("a", "yes"))
	require.NoError(t, err)
}

func TestANewRunTakesThePlaceOfAQuestion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.start(f.thread("a"), "ask me")
	waiting := f.work("a")
	f.accepted = func() { // what a crash would leave here: the question, and the new run behind it
		turn, err := f.store.Turn(t.Context(), "t/a")
		require.NoError(t, err)
		require.Equal(t, waiting.ID, turn.ID)
		require.Equal(t, checkpoint.StatusInterrupted, turn.Status)
	}
	run := f.start("a", "go")
	require.Equal(t, api.RunPending, run.Status)
	require.Equal(t, api.RunInterrupted, f.status(first.ID))
	l := f.listen(run.ID)
	f.work("a")
	require.NotEmpty(t, l.ended(t))
	require.Equal(t, api.RunSuccess, f.status(run.ID))
	s, err := f.State(t.Context(), "a", "")
	require.NoError(t, err)
	require.JSONEq(t, `"go"`, string(s.Values["note"]))
	require.Empty(t, s.Next)
}

// TestAForkTakesThePlaceOfAQuestion has its checkpoints dropped by the store, which has a run before it: the engine makes them.
func TestAForkTakesThePlaceOfAQuestion(t *testing.T) {
	t.Parallel()
	more := func(context.Context, *graph.Task) (graph.Update, error) {
		return graph.Update{Writes: []checkpoint.Write{{Key: "note", Value: []byte(`"more"`)}}}, nil
	}
	f := newFixture(t, more)
	s := begin(f.thread("a"), "go")
	s.InterruptBefore = []string{"morea"}
	_, err := f.Start(t.Context(), s)
	require.NoError(t, err)
	f.work("a")
	fork, err := f.State(t.Context(), "a", "")
	require.NoError(t, err)
	require.Equal(t, []string{"morea"}, fork.Next)
	f.start("a", "ask me")
	f.work("a") // waits at the question
	s = begin("a", "")
	s.Input, s.CheckpointID = nil, fork.CheckpointID
	run, err := f.Start(t.Context(), s)
	require.NoError(t, err)
	f.work("a")
	require.Equal(t, api.RunSuccess, f.status(run.ID))
	after, err := f.State(t.Context(), "a", "")
	require.NoError(t, err)
	require.JSONEq(t, `"more"`, string(after.Values["note"]))
	require.Empty(t, after.Next)
}

func TestARunThatWasNeverAcceptedIsAnError(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.thread("a")
	s := begin("a", "go")
	var wg sync.WaitGroup
	wg.Go(func() {
		f.ready = runtime.Goexit // as a crash: nobody cleans up
		_, _ = f.Start(t.Context(), s)
	})
	wg.Wait()
	require.Equal(t, api.RunPending, f.status(s.ID))
	f.pass(2 * time.Minute)
	run, err := f.Run(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, api.RunError, run.Status)
	require.Contains(t, run.Error.Message, "not accepted")
}

func TestAForgottenRunWasASuccess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "go")
	f.work("a")
	f.start("a", "go") // keeps the thread
	f.pass(time.Hour)
	_, err := f.store.Prune(t.Context(), f.clock(), 10)
	require.NoError(t, err)
	require.Equal(t, api.RunSuccess, f.status(run.ID))
}

func TestAnEditThatLeavesNothingToDoEndsTheRun(t *testing.T) {
	t.Parallel()
	note := []api.KeyValue{{Key: "note", Value: []byte(`"edited"`)}}
	for name, edit := range map[string]func(*fixture) error{
		"of the state": func(f *fixture) error {
			_, err := f.Update(t.Context(), "a", api.StateUpdate{AsNode: "ask", Values: note})
			return err
		},
		"with a run": func(f *fixture) error {
			s := answer("a", "")
			s.Resume, s.Update, s.Goto = nil, note, []api.Send{{Node: graph.End}, {Node: graph.End}}
			_, err := f.Start(t.Context(), s)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.start(f.thread("a"), "ask me")
			f.work("a")
			told := 0
			f.decided = func() { told++ }
			require.NoError(t, edit(f))
			require.Equal(t, 1, told, "the agent is to give it its turn")
			f.work("a")
			state, err := f.State(t.Context(), "a", "")
			require.NoError(t, err)
			require.JSONEq(t, `"edited"`, string(state.Values["note"]))
		})
	}
}
