package backend_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

func (f *fixture) list(thread string) []string {
	f.t.Helper()
	runs, err := f.Runs(f.t.Context(), api.RunQuery{ThreadID: thread, Limit: 100})
	require.NoError(f.t, err)
	ids := []string{}
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestADeletedRunStaysDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	kept := f.start(f.thread("a"), "go")
	f.work("a")
	run := f.start("a", "go")
	require.ErrorIs(t, f.DeleteRun(t.Context(), run.ID), api.ErrBusy)
	f.work("a")
	require.NoError(t, f.DeleteRun(t.Context(), run.ID))
	require.Equal(t, []string{kept.ID}, f.list("a"))
	_, err := f.Run(t.Context(), run.ID)
	require.ErrorIs(t, err, api.ErrNotFound)
	require.ErrorIs(t, f.DeleteRun(t.Context(), run.ID), api.ErrNotFound)
	for _, err := range f.Events(t.Context(), run.ID) {
		require.ErrorIs(t, err, api.ErrNotFound)
	}
}

func TestADeletedRunThatCameAnotherWayStaysDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.thread("a")
	_, err := f.store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "kafka", ThreadID: "t/a", Input: []byte(`{}`)}})
	require.NoError(t, err)
	require.Equal(t, []string{"kafka"}, f.list("a"))
	require.NoError(t, f.store.Commit(t.Context(), checkpoint.Commit{ThreadID: "t/a", RunID: "kafka", Status: checkpoint.StatusDone}))
	require.NoError(t, f.DeleteRun(t.Context(), "kafka"))
	require.Empty(t, f.list("a"))
}

func TestARunThatWasRolledBackIsForgotten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start(f.thread("a"), "go")
	target, err := f.store.Turn(t.Context(), "t/a")
	require.NoError(t, err)
	require.NoError(t, f.Backend.Cancel(t.Context(), run.ID, true))
	require.Empty(t, f.list("a"))
	for _, id := range []string{run.ID, target.ID} {
		_, err = f.Run(t.Context(), id)
		require.ErrorIs(t, err, api.ErrNotFound)
	}
}

func TestAnotherVersionOfTheGraphIsTheClientsToKnow(t *testing.T) {
	t.Parallel()
	store := checkpoint.NewMemory()
	before := newShared(t, store, func(context.Context, *graph.Task) (graph.Update, error) { return graph.Update{}, nil })
	s := begin(before.thread("a"), "go")
	s.InterruptBefore = []string{"morea"}
	_, err := before.Start(t.Context(), s)
	require.NoError(t, err)
	run := before.work("a")
	require.NoError(t, before.Cancel(t.Context(), run))
	after := newShared(t, store)
	s = begin("a", "")
	s.Input = nil
	_, err = after.Start(t.Context(), s)
	require.ErrorIs(t, err, graph.ErrVersion)
	require.ErrorIs(t, err, api.ErrInvalid)
}
