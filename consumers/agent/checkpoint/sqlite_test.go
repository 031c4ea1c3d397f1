package checkpoint_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func TestSQLiteKeepsEverythingAcrossOpenings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent.db")
	s, err := checkpoint.OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c0", "", "r1", -1)}, Messages: []checkpoint.Message{{ID: "m"}}})
	require.NoError(t, s.Close())

	s, err = checkpoint.OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"c0"}, ids(line))
	unsent, err := s.Unsent(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 1)
}

func TestSQLiteRefusesASecondOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent.db")
	s, err := checkpoint.OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = checkpoint.OpenSQLite(t.Context(), path)
	require.ErrorContains(t, err, "locked")
}
