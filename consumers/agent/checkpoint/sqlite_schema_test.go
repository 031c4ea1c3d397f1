package checkpoint

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// older creates a store as the program of an older version left it.
func older(t *testing.T, version int, rows string) *SQLite {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.db")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(strings.Join(schema()[:version], ";") + rows)
	require.NoError(t, err)
	_, err = db.Exec("PRAGMA user_version = " + string(rune('0'+version)))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	s, err := OpenSQLite(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStoreOfTheFirstVersionIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	s := older(t, 1, `INSERT INTO runs (run_id, thread_id, status, input, created_at) VALUES ('old', 't', 'done', '', 1), ('open', 't', 'queued', 'in', 2)`)
	n, err := s.Prune(t.Context(), time.Unix(1, 0), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	runs, err := s.Unfinished(t.Context(), StatusQueued, 0, 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)
}

func TestStoreOfTheThirdVersionKeepsThreadsAndQuestions(t *testing.T) {
	t.Parallel()
	const run, parent, head = "0190b5a0-0000-7000-8000-0000000000aa", "0190b5a0-0000-7000-8000-0000000000bb", "0190b5a0-0000-7000-8000-0000000000cc"
	s := older(t, 3, strings.NewReplacer("RUN", run, "PARENT", parent, "HEAD", head).Replace(`
INSERT INTO runs (run_id, thread_id, status, input, created_at, ended_at) VALUES ('RUN', 't', 'interrupted', 'in', 2, 0), ('failed', 'u', 'failed', '', 3, 4);
INSERT INTO checkpoints (thread_id, checkpoint_id, parent_id, run_id, source, step, run_step, next, writes, snapshot, created_at) VALUES
 ('t', 'PARENT', '', 'RUN', 'input', -1, 0, '["a"]', '[{"k":"x","v":1}]', NULL, 2),
 ('t', 'HEAD', 'PARENT', 'RUN', 'loop', 0, 1, '["b","c"]', '[]', '{"x":1}', 3);
INSERT INTO tasks VALUES ('HEAD', 'task', '[]', '["d"]');
INSERT INTO interrupts VALUES ('i', 'RUN', 'HEAD', 'other', 0, '"?"', NULL);
INSERT INTO receipts VALUES ('call', 'RUN', 'tool', '{}', NULL);
INSERT INTO outbox (id, topic, headers) VALUES ('m', 'a', '[]');`))

	line, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Equal(t, []Checkpoint{
		{
			ID: head, ThreadID: "t", RunID: run, ParentID: parent, Source: SourceLoop, Step: 0, RunStep: 1, Next: []Target{{Node: "b"}, {Node: "c"}},
			Writes: []Write{}, Snapshot: map[string]json.RawMessage{"x": json.RawMessage("1")}, CreatedAt: time.Unix(0, 3).UTC(),
		},
		{
			ID: parent, ThreadID: "t", RunID: run, Source: SourceInput, Step: -1, Next: []Target{{Node: "a"}},
			Writes: []Write{{Key: "x", Value: json.RawMessage("1")}}, CreatedAt: time.Unix(0, 2).UTC(),
		},
	}, line)
	line, err = s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Len(t, line, 1)
	tasks, err := s.Tasks(t.Context(), "t", head)
	require.NoError(t, err)
	require.Len(t, tasks, 2)
	for id, status := range map[string]ThreadStatus{"t": ThreadInterrupted, "u": ThreadError} {
		thread, err := s.Thread(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, status, thread.Status)
	}
	_, err = s.Receipt(t.Context(), "call")
	require.NoError(t, err)
	out, err := s.Decide(t.Context(), Decision{RunID: run, Answers: map[string]json.RawMessage{"i": json.RawMessage(`1`)}})
	require.NoError(t, err)
	require.Equal(t, run, out.Queued.ID)
	unsent, err := s.Unsent(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 1)
}
