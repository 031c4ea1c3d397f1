package backend_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// decideElsewhere answers a thread's question as it is done over Kafka.
func (f *fixture) decideElsewhere(target string) {
	f.t.Helper()
	run, err := f.store.Run(f.t.Context(), target)
	require.NoError(f.t, err)
	require.Equal(f.t, checkpoint.StatusInterrupted, run.Status)
	out, err := f.store.Decide(f.t.Context(), checkpoint.Decision{RunID: target, Continue: true})
	require.NoError(f.t, err)
	require.NotNil(f.t, out.Queued)
}

func TestAllWhoWatchATargetSeeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "ask me")
	target := f.work("a").ID
	f.pass(time.Hour) // its events are forgotten
	f.decideElsewhere(target)
	byRun, byTarget := f.listen(run.ID), f.listen(target)
	f.work("a")
	require.NotEmpty(t, byRun.ended(t))
	require.NotEmpty(t, byTarget.ended(t))
}

func TestJoiningAnOldRunLeavesTheLiveOneAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.start(f.thread("a"), "ask me")
	f.work("a")
	f.pass(time.Hour)
	now, err := f.Start(t.Context(), answer("a", "yes"))
	require.NoError(t, err)
	live := f.listen(now.ID)
	target, finish := f.begun("a")
	require.Equal(t, api.RunRunning, f.status(now.ID))
	require.Empty(t, f.listen(old.ID).ended(t))
	require.Equal(t, api.RunRunning, f.status(now.ID))
	finish()
	f.Stopped(target.ID, nil)
	require.NotEmpty(t, live.ended(t))
	require.Equal(t, api.RunSuccess, f.status(old.ID))
}

func TestARunThatIsAboutToAnswerCanBeJoined(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.start(f.thread("a"), "ask me")
	f.work("a")
	f.pass(time.Hour)
	s := answer("a", "yes")
	var early *listener
	f.decided = func() {
		require.Equal(t, api.RunPending, f.status(s.ID))
		early = f.listen(s.ID)
		require.NoError(t, f.Sweep(t.Context()))
		require.Empty(t, f.listen(old.ID).ended(t))
	}
	_, err := f.Start(t.Context(), s)
	require.NoError(t, err)
	f.work("a")
	require.NotEmpty(t, early.ended(t))
}

func TestSweepEndsWhatEndedInAnotherProcess(t *testing.T) {
	t.Parallel()
	store := checkpoint.NewMemory()
	here, there := newShared(t, store), newShared(t, store)
	run := here.start(here.thread("a"), "go")
	l := here.listen(run.ID)
	target, finish := there.begun("a")
	require.NoError(t, here.Sweep(t.Context()))
	require.True(t, here.Watched(target.ID))
	finish()
	there.Stopped(target.ID, nil)
	require.NoError(t, here.Sweep(t.Context()))
	require.Empty(t, l.ended(t))
	held, _ := here.Held()
	require.Zero(t, held)
}

func TestSweepTellsOfAFailure(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "go")
	l := f.listen(run.ID)
	target, err := f.store.Turn(t.Context(), "t/a")
	require.NoError(t, err)
	require.NoError(t, f.store.Commit(t.Context(), checkpoint.Commit{
		ThreadID: "t/a", RunID: target.ID, Status: checkpoint.StatusFailed, Error: "broke elsewhere",
	}))
	require.NoError(t, f.Sweep(t.Context()))
	require.Equal(t, "broke elsewhere", l.ended(t)[0].Failed.Message)
}

func TestARunThatLeftThisProcessIsSwept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "go")
	l := f.listen(run.ID)
	target, finish := f.begun("a")
	finish() // the worker is not heard of again
	require.NoError(t, f.Sweep(t.Context()))
	require.True(t, f.Watched(target.ID), "it may be about to tell")
	require.NoError(t, f.Sweep(t.Context()))
	require.NotEmpty(t, l.ended(t))
}

// piece is a large piece of a message.
func piece() json.RawMessage {
	return json.RawMessage(`"` + string(bytes.Repeat([]byte("x"), 1<<20)) + `"`)
}

func TestAStreamOfALargeRunKeepsTheNewerEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "go")
	target, finish := f.begun("a")
	for range 200 {
		f.Say(target.ID, piece())
	}
	_, held := f.Held()
	require.LessOrEqual(t, held, 64<<20)
	l := f.listen(run.ID)
	finish()
	f.Stopped(target.ID, nil)
	got := l.ended(t)
	require.Greater(t, len(got), 30)
	require.Less(t, len(got), 70)
	require.NotNil(t, got[len(got)-1].Checkpoint)
}

func TestEndedRunsMakeRoom(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var ids []string
	for _, thread := range []string{"a", "b", "c"} {
		run := f.start(f.thread(thread), "go")
		target, finish := f.begun(thread)
		for range 25 {
			f.Say(target.ID, piece())
		}
		finish()
		f.Stopped(target.ID, nil)
		ids = append(ids, run.ID)
	}
	require.Empty(t, f.listen(ids[0]).ended(t))
	require.Greater(t, len(f.listen(ids[1]).ended(t)), 25)
	require.Greater(t, len(f.listen(ids[2]).ended(t)), 25)
}

func TestEndedRunsAreForgottenWithTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.start(f.thread("a"), "go")
	f.work("a")
	held, size := f.Held()
	require.Equal(t, 1, held)
	require.NotZero(t, size)
	f.pass(6 * time.Minute)
	require.False(t, f.Watched("another"))
	held, size = f.Held()
	require.Zero(t, held)
	require.Zero(t, size)
}

var _ backend.Agent = (*fixture)(nil)
