package checkpoint_test

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	conform(t, func(*testing.T) checkpoint.Store { return checkpoint.NewMemory() })
}

func TestSQLiteConforms(t *testing.T) {
	t.Parallel()
	conform(t, func(t *testing.T) checkpoint.Store {
		s, err := checkpoint.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "agent ?.db"))
		require.NoError(t, err)
		return s
	})
}

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	conform(t, func(t *testing.T) checkpoint.Store {
		s, err := checkpoint.OpenPostgres(t.Context(), postgrestest.URL(t))
		require.NoError(t, err)
		return s
	})
}

// cases are promises of every store.
type cases map[string]func(*testing.T, checkpoint.Store)

// conform holds what every store promises.
func conform(t *testing.T, open func(*testing.T) checkpoint.Store) {
	for _, part := range []cases{
		commitCases(), editCases(), historyCases(), runCases(), decisionCases(), threadCases(), searchCases(), deletionCases(), recordCases(),
		leaseCases(), outboxCases(), pruneCases(),
		{"commits of many goroutines all arrive": concurrent, "a closed store says so": closed},
	} {
		for name, test := range part {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				test(t, s)
			})
		}
	}
}

func run(id, thread string) checkpoint.Run {
	return checkpoint.Run{ID: id, ThreadID: thread, Input: []byte("in"), CreatedAt: time.Unix(1, 5).UTC()}
}

func point(id, parent, runID string, step int) checkpoint.Checkpoint {
	return checkpoint.Checkpoint{
		ID: id, ThreadID: "t", RunID: runID, ParentID: parent, Source: checkpoint.SourceLoop, Step: step, RunStep: step + 1,
		Graph: "v1", Nodes: []string{"z"}, Next: []checkpoint.Target{{Node: "a"}, {Node: "b", Input: json.RawMessage(`{"x":1}`)}},
		Writes:    []checkpoint.Write{{Key: "k", Value: json.RawMessage(strconv.Itoa(step))}},
		CreatedAt: time.Unix(2, 7).UTC(),
	}
}

func accept(t *testing.T, s checkpoint.Store, id string) {
	t.Helper()
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run(id, "t")})
	require.NoError(t, err)
	require.True(t, ok)
}

func commit(t *testing.T, s checkpoint.Store, c checkpoint.Commit) {
	t.Helper()
	c.ThreadID = "t"
	if c.RunID == "" {
		c.RunID = "r1"
	}
	require.NoError(t, s.Commit(t.Context(), c))
}

// refused stores a commit that must not be stored.
func refused(t *testing.T, s checkpoint.Store, c checkpoint.Commit, want error) {
	t.Helper()
	c.ThreadID = "t"
	require.ErrorIs(t, s.Commit(t.Context(), c), want)
}

func points(list ...checkpoint.Checkpoint) []checkpoint.Checkpoint { return list }

func load(t *testing.T, s checkpoint.Store, id string) []string {
	t.Helper()
	line, err := s.Load(t.Context(), "t", id)
	require.NoError(t, err)
	return ids(line)
}

func unsent(t *testing.T, s checkpoint.Store) []string {
	t.Helper()
	list, err := s.UnsentIDs(t.Context(), 0, 1000)
	require.NoError(t, err)
	var out []string
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func messages(list ...string) []checkpoint.Message {
	var out []checkpoint.Message
	for _, id := range list {
		out = append(out, checkpoint.Message{ID: id, Topic: "topic"})
	}
	return out
}

func ids(line []checkpoint.Checkpoint) []string {
	var out []string
	for _, c := range line {
		out = append(out, c.ID)
	}
	return out
}

func concurrent(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1), point("c1", "c0", "r1", 0))})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			c := checkpoint.Commit{ThreadID: "t", RunID: "r1", Messages: []checkpoint.Message{{ID: strconv.Itoa(i), Topic: "a"}}}
			switch i % 10 {
			case 0:
				c.RunID = "unknown"
			case 1: // the second cannot be stored: the first must not stay
				c.Checkpoints = points(point(strconv.Itoa(i), "c1", "r1", 1), point("c0", "c1", "r1", 1))
			}
			_ = s.Commit(t.Context(), c)
		})
	}
	wg.Wait()
	require.Len(t, unsent(t, s), 80)
	require.Equal(t, []string{"c0", "c1"}, load(t, s, ""))
	all, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Len(t, all, 2)
}

func closed(t *testing.T, s checkpoint.Store) {
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := s.Unfinished(t.Context(), checkpoint.StatusQueued, 0, 1)
	require.ErrorIs(t, err, checkpoint.ErrClosed)
	_, err = s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r", "t")})
	require.ErrorIs(t, err, checkpoint.ErrClosed)
}
