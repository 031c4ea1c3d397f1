package agent

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func TestOldRunsAreForgottenAtTheStartAndHourly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := checkpoint.NewMemory()
		end := func(id string, at time.Time) {
			_, err := store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: id, CreatedAt: at}})
			require.NoError(t, err)
			require.NoError(t, store.Commit(t.Context(), checkpoint.Commit{RunID: id, ThreadID: id, Status: checkpoint.StatusDone, EndedAt: at}))
		}
		known := func(id string) bool {
			synctest.Wait()
			_, err := store.Run(t.Context(), id)
			return err == nil
		}
		for i := range 3 * pruneBatch {
			end("old"+string(rune('A'+i)), time.Now().Add(-3*time.Hour))
		}
		end("new", time.Now())
		a := &Agent{
			cfg: Config{Retention: 2 * time.Hour}, store: &notifying{Store: store},
			backend: backend.New(backend.Deps{Store: store, Now: time.Now}),
			deps:    Deps{Now: time.Now, Logger: slog.New(slog.DiscardHandler)},
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go a.retain(ctx)
		for i := range 3 * pruneBatch {
			require.False(t, known("old"+string(rune('A'+i))))
		}
		require.True(t, known("new"))
		<-time.After(2 * time.Hour) // virtual time
		require.True(t, known("new"), "it is not older than the retention yet")
		<-time.After(pruneEvery) // virtual time
		require.False(t, known("new"))
	})
}

func TestWithoutRetentionOnlyThreadsWithATimeToLiveAreForgotten(t *testing.T) {
	t.Parallel()
	store := checkpoint.NewMemory()
	long := time.Now().Add(-1000 * time.Hour)
	for _, id := range []string{"kept", "expired"} {
		_, err := store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: id, CreatedAt: long}})
		require.NoError(t, err)
		require.NoError(t, store.Commit(t.Context(), checkpoint.Commit{
			ThreadID: id, RunID: id, Status: checkpoint.StatusDone, EndedAt: long,
		}))
	}
	_, err := store.PutThread(t.Context(), checkpoint.Thread{ID: "expired", CreatedAt: long, UpdatedAt: long, ExpiresAt: long})
	require.NoError(t, err)
	a := &Agent{store: &notifying{Store: store}, backend: backend.New(backend.Deps{Store: store, Now: time.Now}), deps: Deps{Now: time.Now}}
	require.NoError(t, a.prune(t.Context()))
	_, err = store.Thread(t.Context(), "kept")
	require.NoError(t, err)
	_, err = store.Thread(t.Context(), "expired")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func TestRetentionIsChecked(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{-time.Hour, time.Minute, 87601 * time.Hour} {
		err := Config{Slots: 1, MaxSteps: 1, Backlog: 1, Reviews: "on", Retention: d}.Validate()
		require.ErrorContains(t, err, "RAGLINE_AGENT_RETENTION")
	}
}
