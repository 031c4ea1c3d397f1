package checkpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func deletionCases() cases {
	return cases{
		"a deleted thread leaves nothing":                deleted,
		"a thread with an unfinished run is not deleted": notDeleted,
		"a trimmed thread goes on":                       trimmed,
		"a trimmed fork keeps its own line":              trimmedFork,
	}
}

func deleted(t *testing.T, s checkpoint.Store) {
	fork(t, s)
	interrupt(t, s, question("i", "x"))
	commit(t, s, checkpoint.Commit{
		CheckpointID: "f1", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Done: true}}, Messages: messages("m"), Status: checkpoint.StatusFailed,
		Receipts: []checkpoint.Receipt{{CallID: "call", RunID: "r1", Arguments: []byte(`1`)}},
	})
	_, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("other", "u"), Input: points(point("o0", "", "other", -1))})
	require.NoError(t, err)
	for id, threadID := range map[string]string{"mine": "t", "its": "u", "free": ""} {
		require.NoError(t, s.PutRecord(t.Context(), checkpoint.Record{Kind: "k", ID: id, ThreadID: threadID, Value: []byte(`1`)}))
	}

	require.NoError(t, s.DeleteThread(t.Context(), "t"))
	require.ErrorIs(t, s.DeleteThread(t.Context(), "t"), checkpoint.ErrNotFound)
	for what, err := range map[string]error{
		"thread":  second(s.Thread(t.Context(), "t")),
		"run":     second(s.Run(t.Context(), "r1")),
		"receipt": second(s.Receipt(t.Context(), "call")),
		"record":  second(s.Record(t.Context(), "k", "mine")),
		"head":    second(s.Load(t.Context(), "t", "f1")),
	} {
		require.ErrorIs(t, err, checkpoint.ErrNotFound, what)
	}
	require.Equal(t, []string{"m"}, unsent(t, s), "what was not published yet stays")
	require.NoError(t, second(s.Record(t.Context(), "k", "its")))
	require.NoError(t, second(s.Record(t.Context(), "k", "free")))
	require.NoError(t, second(s.Load(t.Context(), "u", "o0")))

	accept(t, s, "r1") // a new one
	for _, id := range []string{"c0", "f1"} {
		tasks, err := s.Tasks(t.Context(), "t", id)
		require.NoError(t, err)
		require.Empty(t, tasks)
	}
	require.Empty(t, load(t, s, ""))
}

func second[T any](_ T, err error) error { return err }

func notDeleted(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	require.ErrorIs(t, s.DeleteThread(t.Context(), "t"), checkpoint.ErrBusy)
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusInterrupted})
	require.ErrorIs(t, s.DeleteThread(t.Context(), "t"), checkpoint.ErrBusy)
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	require.NoError(t, s.DeleteThread(t.Context(), "t"))
}

func trim(t *testing.T, s checkpoint.Store) int {
	t.Helper()
	n, err := s.TrimThread(t.Context(), "t")
	require.NoError(t, err)
	return n
}

func trimmed(t *testing.T, s checkpoint.Store) {
	require.ErrorIs(t, second(s.TrimThread(t.Context(), "t")), checkpoint.ErrNotFound)
	chain(t, s)
	require.Equal(t, 2, trim(t, s))
	require.Zero(t, trim(t, s))
	require.Equal(t, []string{"c2", "c3"}, load(t, s, ""))
	require.ErrorIs(t, second(s.Load(t.Context(), "t", "c1")), checkpoint.ErrNotFound)
	commit(t, s, checkpoint.Commit{Head: "c3", Checkpoints: points(point("c4", "c3", "r1", 3))})
	require.Equal(t, []string{"c2", "c3", "c4"}, load(t, s, ""))
}

func trimmedFork(t *testing.T, s checkpoint.Store) {
	fork(t, s)
	commit(t, s, checkpoint.Commit{CheckpointID: "c3", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Done: true}}})
	commit(t, s, checkpoint.Commit{CheckpointID: "f1", Tasks: []checkpoint.TaskRecord{{TaskID: "y", Done: true}}})
	require.Equal(t, 3, trim(t, s)) // c1, c2 with the newest snapshot, c3
	require.Equal(t, []string{"c0", "f0", "f1"}, load(t, s, ""))
	for id, n := range map[string]int{"c3": 0, "f1": 1} {
		tasks, err := s.Tasks(t.Context(), "t", id)
		require.NoError(t, err)
		require.Len(t, tasks, n)
	}
}
