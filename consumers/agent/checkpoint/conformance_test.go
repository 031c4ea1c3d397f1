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

// conform holds what every store promises.
func conform(t *testing.T, open func(*testing.T) checkpoint.Store) {
	for name, test := range map[string]func(*testing.T, checkpoint.Store){
		"a run is accepted once":                          acceptedOnce,
		"input waits for the run ahead":                   inputWaits,
		"input of a stale head is dropped":                staleInput,
		"load starts at the nearest snapshot":             loadsFromSnapshot,
		"load of a middle checkpoint ends there":          loadsMiddle,
		"a failing commit leaves nothing":                 failingCommit,
		"an ended run takes no commit":                    endedRun,
		"finished tasks last until the checkpoint closes": parkedTasks,
		"unfinished runs come in pages":                   pages,
		"an interrupt is decided once":                    decidedOnce,
		"a run is ready when all interrupts are decided":  allDecided,
		"messages stay in order until confirmed":          outbox,
		"positions only move forward":                     positions,
		"an old run is forgotten with its thread":         prunedThread,
		"a thread that goes on keeps its state":           prunedHistory,
		"old runs are forgotten in small parts":           prunedInParts,
		"a receipt replaces its intent and stays":         receipts,
		"commits of many goroutines all arrive":           concurrent,
		"a closed store says so":                          closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			test(t, s)
		})
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

func ids(line []checkpoint.Checkpoint) []string {
	var out []string
	for _, c := range line {
		out = append(out, c.ID)
	}
	return out
}

func acceptedOnce(t *testing.T, s checkpoint.Store) {
	at := checkpoint.Position{Topic: "q", Partition: 1, Offset: 7}
	input := point("c0", "", "r1", -1)
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Input: []checkpoint.Checkpoint{input}, At: at})
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Head: "c0", Input: []checkpoint.Checkpoint{point("c1", "c0", "r1", -1)}})
	require.NoError(t, err)
	require.False(t, ok)

	want := run("r1", "t")
	want.Seq, want.Status = 1, checkpoint.StatusQueued
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.Checkpoint{input}, line)
	got, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = s.Run(t.Context(), "other")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func inputWaits(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r2", "t"), Head: "", Input: []checkpoint.Checkpoint{point("c0", "", "r2", -1)}})
	require.NoError(t, err)
	require.True(t, ok)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Empty(t, line)
}

func staleInput(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c0", "", "r1", -1)}, Status: checkpoint.StatusDone})
	ok, err := s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r2", "t"), Head: "", Input: []checkpoint.Checkpoint{point("c1", "", "r2", -1)}})
	require.NoError(t, err)
	require.True(t, ok)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"c0"}, ids(line))
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

func failingCommit(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	err := s.Commit(t.Context(), checkpoint.Commit{
		ThreadID: "t", RunID: "unknown", Checkpoints: []checkpoint.Checkpoint{point("c0", "", "unknown", -1)}, Messages: []checkpoint.Message{{ID: "m"}},
	})
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Empty(t, line)
	unsent, err := s.Unsent(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, unsent)
}

func endedRun(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusFailed, Error: "canceled"})
	err := s.Commit(t.Context(), checkpoint.Commit{ThreadID: "t", RunID: "r1", Messages: []checkpoint.Message{{ID: "m"}}})
	require.ErrorIs(t, err, checkpoint.ErrRunEnded)
	got, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, "canceled", got.Error)
	require.Empty(t, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
}

func unfinished(t *testing.T, s checkpoint.Store, status checkpoint.Status, after int64, limit int) []string {
	t.Helper()
	runs, err := s.Unfinished(t.Context(), status, after, limit)
	require.NoError(t, err)
	var out []string
	for _, r := range runs {
		require.Empty(t, r.Input)
		require.Equal(t, status, r.Status)
		require.Greater(t, r.Seq, after)
		out = append(out, r.ID)
	}
	return out
}

func pages(t *testing.T, s checkpoint.Store) {
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		accept(t, s, id)
	}
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusDone})
	commit(t, s, checkpoint.Commit{RunID: "r3", Status: checkpoint.StatusInterrupted})
	require.Equal(t, []string{"r1"}, unfinished(t, s, checkpoint.StatusQueued, 0, 1))
	first, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, []string{"r4"}, unfinished(t, s, checkpoint.StatusQueued, first.Seq, 2))
	require.Equal(t, []string{"r3"}, unfinished(t, s, checkpoint.StatusInterrupted, 0, 2))
}

func parkedTasks(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c0", "", "r1", -1)}})
	done := checkpoint.TaskRecord{TaskID: "x", Done: true, Writes: []checkpoint.Write{{Key: "k", Value: json.RawMessage(`1`)}}, Next: []checkpoint.Target{{Node: "b"}}}
	commit(t, s, checkpoint.Commit{CheckpointID: "c0", Tasks: []checkpoint.TaskRecord{done}})
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.TaskRecord{done}, tasks)
	commit(t, s, checkpoint.Commit{Checkpoints: []checkpoint.Checkpoint{point("c1", "c0", "r1", 0)}})
	tasks, err = s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Empty(t, tasks)
}

func interrupt(t *testing.T, s checkpoint.Store, list ...checkpoint.Interrupt) {
	t.Helper()
	commit(t, s, checkpoint.Commit{CheckpointID: "c0", Interrupts: list, Status: checkpoint.StatusInterrupted})
}

func decidedOnce(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, checkpoint.Interrupt{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`"?"`)})
	ready, err := s.Decide(t.Context(), decision("unknown", `1`))
	require.NoError(t, err)
	require.Nil(t, ready)
	ready, err = s.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{"i": json.RawMessage(`1`)}, At: checkpoint.Position{Topic: "r", Offset: 3}})
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusQueued, ready.Status)
	ready, err = s.Decide(t.Context(), decision("i", `2`))
	require.NoError(t, err)
	require.Nil(t, ready)
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.TaskRecord{{TaskID: "x", Interrupts: []checkpoint.Interrupt{
		{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`"?"`), Resume: json.RawMessage(`1`)},
	}}}, tasks)
}

func decision(id, value string) checkpoint.Decision {
	return checkpoint.Decision{Answers: map[string]json.RawMessage{id: json.RawMessage(value)}}
}

func allDecided(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, checkpoint.Interrupt{ID: "i", CheckpointID: "c0", TaskID: "x", Value: json.RawMessage(`1`)},
		checkpoint.Interrupt{ID: "j", CheckpointID: "c0", TaskID: "y", Value: json.RawMessage(`1`)})
	ready, err := s.Decide(t.Context(), decision("j", `1`))
	require.NoError(t, err)
	require.Nil(t, ready)
	ready, err = s.Decide(t.Context(), decision("i", `1`))
	require.NoError(t, err)
	require.NotNil(t, ready)
}

func outbox(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Messages: []checkpoint.Message{
		{ID: "1", Topic: "a", Key: []byte("k"), Value: []byte{0, 1}, Headers: []checkpoint.Header{{Key: "h", Value: []byte("v")}}},
		{ID: "2", Topic: "b"},
	}})
	commit(t, s, checkpoint.Commit{Messages: []checkpoint.Message{{ID: "3", Topic: "a"}}})
	all, err := s.Unsent(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, []byte{0, 1}, all[0].Value)
	require.Equal(t, "h", all[0].Headers[0].Key)
	ids, err := s.UnsentIDs(t.Context(), all[0].Seq, 1)
	require.NoError(t, err)
	require.Equal(t, []checkpoint.MessageID{{Seq: all[1].Seq, ID: "2", Topic: "b"}}, ids)
	require.NoError(t, s.Confirm(t.Context(), []int64{all[0].Seq, all[2].Seq}, nil))
	rest, err := s.Unsent(t.Context(), all[0].Seq, 1)
	require.NoError(t, err)
	require.Equal(t, "2", rest[0].ID)
	ids, err = s.UnsentIDs(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, ids, 1)
}

func positions(t *testing.T, s checkpoint.Store) {
	at := checkpoint.Position{Topic: "a", Partition: 2, Offset: 9}
	require.NoError(t, s.Confirm(t.Context(), nil, []checkpoint.Position{at}))
	require.NoError(t, s.Confirm(t.Context(), nil, []checkpoint.Position{{Topic: "a", Partition: 2, Offset: 4}}))
	got, err := s.Confirmed(t.Context())
	require.NoError(t, err)
	require.Equal(t, []checkpoint.Position{at}, got)
}

func receipts(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	intent := checkpoint.Receipt{CallID: "c", RunID: "r1", Tool: "x", Arguments: json.RawMessage(`{}`)}
	commit(t, s, checkpoint.Commit{Receipts: []checkpoint.Receipt{intent}})
	got, err := s.Receipt(t.Context(), "c")
	require.NoError(t, err)
	require.Equal(t, intent, got)
	full := intent
	full.Result = json.RawMessage(`"ok"`)
	commit(t, s, checkpoint.Commit{Receipts: []checkpoint.Receipt{full}})
	commit(t, s, checkpoint.Commit{Receipts: []checkpoint.Receipt{intent}})
	got, err = s.Receipt(t.Context(), "c")
	require.NoError(t, err)
	require.Equal(t, full, got)
	_, err = s.Receipt(t.Context(), "other")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func concurrent(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			c := checkpoint.Commit{ThreadID: "t", RunID: "r1", Messages: []checkpoint.Message{{ID: strconv.Itoa(i), Topic: "a"}}}
			if i%10 == 0 {
				c.RunID = "unknown"
			}
			_ = s.Commit(t.Context(), c)
		})
	}
	wg.Wait()
	all, err := s.Unsent(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.Len(t, all, 90)
}

func closed(t *testing.T, s checkpoint.Store) {
	require.NoError(t, s.Close())
	_, err := s.Unfinished(t.Context(), checkpoint.StatusQueued, 0, 1)
	require.ErrorIs(t, err, checkpoint.ErrClosed)
	_, err = s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r", "t")})
	require.ErrorIs(t, err, checkpoint.ErrClosed)
}
