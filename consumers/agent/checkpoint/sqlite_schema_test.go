package checkpoint

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStoreOfTheFirstVersionIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent.db")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(schema()[0] + `PRAGMA user_version = 1;
INSERT INTO runs (run_id, thread_id, status, input, created_at) VALUES ('old', 't', 'done', '', 1), ('open', 't', 'queued', 'in', 2)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	s, err := OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	n, err := s.Prune(t.Context(), time.Unix(1, 0), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	runs, err := s.Unfinished(t.Context(), StatusQueued, 0, 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)
}
