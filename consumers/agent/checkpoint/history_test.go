package checkpoint_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func historyCases() cases {
	return cases{
		"load starts at the nearest snapshot":         loadsFromSnapshot,
		"load of a middle checkpoint ends there":      loadsMiddle,
		"load goes up its own branch":                 loadsBranch,
		"history has all branches, newest first":      historyOfBranches,
		"history comes in pages":                      historyPages,
		"history of a thread does not show another's": historyOfOthers,
	}
}

func chain(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	for i, c := range []checkpoint.Checkpoint{point("c0", "", "r1", -1), point("c1", "c0", "r1", 0), point("c2", "c1", "r1", 1), point("c3", "c2", "r1", 2)} {
		if i == 2 {
			c.Snapshot = map[string]json.RawMessage{"k": json.RawMessage("1")}
		}
		commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{c}})
	}
}

func loadsFromSnapshot(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"c2", "c3"}, ids(line))
	require.JSONEq(t, "1", string(line[0].Snapshot["k"]))
	require.Equal(t, point("c3", "c2", "r1", 2), line[1])
}

func loadsMiddle(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	line, err := s.Load(t.Context(), "t", "c1")
	require.NoError(t, err)
	require.Equal(t, []string{"c0", "c1"}, ids(line))
	_, err = s.Load(t.Context(), "t", "none")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

// fork adds a branch to the chain: f0 beside c1, and f1 on it, which is the newest.
func fork(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	f0 := point("f0", "c0", "r1", 0)
	f0.Source = checkpoint.SourceFork
	commit(t, s, checkpoint.Commit{Checkpoints: points(f0, point("f1", "f0", "r1", 1))})
}

func loadsBranch(t *testing.T, s checkpoint.Store) {
	fork(t, s)
	require.Equal(t, []string{"c0", "f0", "f1"}, load(t, s, ""))
	require.Equal(t, []string{"c0", "f0"}, load(t, s, "f0"))
	require.Equal(t, []string{"c2", "c3"}, load(t, s, "c3"))
	_, err := s.Load(t.Context(), "u", "c3")
	require.ErrorIs(t, err, checkpoint.ErrNotFound, "it is another thread's")
}

func historyOfBranches(t *testing.T, s checkpoint.Store) {
	fork(t, s)
	all, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"f1", "f0", "c3", "c2", "c1", "c0"}, ids(all))
	require.Equal(t, point("c3", "c2", "r1", 2), all[2])
	require.Equal(t, checkpoint.SourceFork, all[1].Source)
	require.NotNil(t, all[3].Snapshot)
}

func historyPages(t *testing.T, s checkpoint.Store) {
	fork(t, s)
	var got []string
	for before := ""; ; before = got[len(got)-1] {
		part, err := s.History(t.Context(), "t", before, 4)
		require.NoError(t, err)
		if len(part) == 0 {
			break
		}
		got = append(got, ids(part)...)
	}
	require.Equal(t, []string{"f1", "f0", "c3", "c2", "c1", "c0"}, got)
	_, err := s.History(t.Context(), "t", "none", 4)
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func historyOfOthers(t *testing.T, s checkpoint.Store) {
	chain(t, s)
	part, err := s.History(t.Context(), "u", "", 4)
	require.NoError(t, err)
	require.Empty(t, part)
	_, err = s.History(t.Context(), "u", "c1", 4)
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}
