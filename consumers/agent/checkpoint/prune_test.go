package checkpoint_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func pruneCases() cases {
	return cases{
		"an old run is forgotten with its thread":         prunedThread,
		"a thread that goes on keeps its state":           prunedHistory,
		"a thread that goes on keeps its branch":          prunedFork,
		"what young branches need stays":                  prunedYoung,
		"a thread that was edited since stays":            prunedEdited,
		"old runs are forgotten in small parts":           prunedInParts,
		"a thread whose failed run is forgotten is clean": prunedError,
	}
}

// moment is later than everything that the conformance suite stores, unless it says otherwise.
func moment() time.Time { return time.Unix(100, 0) }

func prune(t *testing.T, s checkpoint.Store, limit int) int {
	t.Helper()
	n, err := s.Prune(t.Context(), moment(), limit)
	require.NoError(t, err)
	return n
}

func prunedThread(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c0", "", "r1", -1)}, Receipts: []checkpoint.Receipt{{CallID: "call", RunID: "r1", Arguments: json.RawMessage(`1`)}}})
	interrupt(t, s, checkpoint.Interrupt{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`1`)})
	require.Zero(t, prune(t, s, 10), "it waits for a person")
	_, err := s.Decide(t.Context(), decision("i", `1`))
	require.NoError(t, err)
	require.Zero(t, prune(t, s, 10), "it is queued")
	commit(t, s, checkpoint.Commit{
		CheckpointID: "c0", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Done: true}},
		Status: checkpoint.StatusFailed, EndedAt: moment(), Messages: []checkpoint.Message{{ID: "m"}},
	})
	require.Zero(t, prune(t, s, 10), "it has not ended before that moment")

	n, err := s.Prune(t.Context(), moment().Add(1), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = s.Run(t.Context(), "r1")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = s.Receipt(t.Context(), "call")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = s.Thread(t.Context(), "t")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	require.Empty(t, load(t, s, ""))
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Empty(t, tasks)
	unsent, err := s.UnsentIDs(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 1, "what was not published yet stays")
	accept(t, s, "r1") // no longer recognised
}

func prunedHistory(t *testing.T, s checkpoint.Store) {
	chain(t, s) // c0, c1, c2 with a snapshot, c3
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	accept(t, s, "r2")
	commit(t, s, checkpoint.Commit{RunID: "r2", Checkpoints: []checkpoint.Checkpoint{point("c4", "c3", "r2", 3)}})
	require.Equal(t, 1, prune(t, s, 10))
	_, err := s.Load(t.Context(), "t", "c1")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"c2", "c3", "c4"}, ids(line))
}

func prunedInParts(t *testing.T, s checkpoint.Store) {
	for _, id := range []string{"r1", "r2", "r3"} {
		accept(t, s, id)
	}
	commit(t, s, checkpoint.Commit{RunID: "r1", Status: checkpoint.StatusDone, EndedAt: time.Unix(30, 0)})
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusDone, EndedAt: time.Unix(20, 0)})
	commit(t, s, checkpoint.Commit{RunID: "r3", Status: checkpoint.StatusDone}) // as old as its acceptance
	require.Equal(t, 2, prune(t, s, 2))
	run, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusDone, run.Status)
	require.Equal(t, 1, prune(t, s, 2))
	require.Zero(t, prune(t, s, 2))
	accept(t, s, "r4")
	require.Equal(t, []string{"r4"}, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
}

func prunedFork(t *testing.T, s checkpoint.Store) {
	fork(t, s) // the newest, f1, is loaded from before the newest snapshot, c2
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	accept(t, s, "r2")
	require.Equal(t, 1, prune(t, s, 10))
	require.Equal(t, []string{"c0", "f0", "f1"}, load(t, s, ""))
	all, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"f1", "f0", "c0"}, ids(all))
}

func prunedYoung(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	young := point("y", "c1", "r1", 1)
	young.CreatedAt = moment()
	commit(t, s, checkpoint.Commit{Checkpoints: points(young)})
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("f", "c3", "r1", 3))})
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	accept(t, s, "r2")
	require.Equal(t, 1, prune(t, s, 10))
	require.Equal(t, []string{"c0", "c1", "y"}, load(t, s, "y"))
	require.Equal(t, []string{"c2", "c3", "f"}, load(t, s, ""))
}

func prunedEdited(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	u := update("u0", "c3")
	u.CreatedAt = moment()
	edit(t, s, checkpoint.Commit{Checkpoints: points(u)})
	require.Equal(t, 1, prune(t, s, 10))
	require.Equal(t, []string{"c2", "c3", "u0"}, load(t, s, ""))
}

func prunedError(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	accept(t, s, "r2")
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone, EndedAt: moment()})
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusFailed})
	require.Equal(t, checkpoint.ThreadError, thread(t, s, "t").Status)
	require.Equal(t, 1, prune(t, s, 10))
	require.Equal(t, checkpoint.ThreadIdle, thread(t, s, "t").Status)
}
