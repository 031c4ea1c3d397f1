package checkpoint_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func commitCases() cases {
	return cases{
		"a failing commit leaves nothing":                      failingCommit,
		"an ended run takes no commit":                         endedRun,
		"a commit is for the newest checkpoint":                staleHead,
		"a commit that is tried again is stored once":          triedAgain,
		"a run commits in its own thread":                      otherThread,
		"finished tasks last until the checkpoint closes":      parkedTasks,
		"what is known of a task is replaced":                  replacedTasks,
		"one commit closes several super-steps":                severalCheckpoints,
		"a receipt replaces its intent and stays":              receipts,
		"a value that is no JSON is refused":                   notJSON,
		"values come back as they were":                        values,
		"a run ends when its commit says, or when it was born": endings,
	}
}

func failingCommit(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	refused(t, s, checkpoint.Commit{
		RunID: "unknown", Checkpoints: []checkpoint.Checkpoint{point("c0", "", "unknown", -1)}, Messages: messages("m"),
	}, checkpoint.ErrNotFound)
	require.Empty(t, load(t, s, ""))
	require.Empty(t, unsent(t, s))
}

func endedRun(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusFailed, Error: "canceled"})
	refused(t, s, checkpoint.Commit{RunID: "r1", Messages: messages("m")}, checkpoint.ErrRunEnded)
	got, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, "canceled", got.Error)
	require.Empty(t, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
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

func staleHead(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))})
	commit(t, s, checkpoint.Commit{Head: "c0", Checkpoints: points(point("c1", "c0", "r1", 0))})
	refused(t, s, checkpoint.Commit{
		RunID: "r1", Head: "c0", Checkpoints: points(point("c2", "c0", "r1", 0)), Messages: messages("m"), Status: checkpoint.StatusDone,
	}, checkpoint.ErrConflict)
	require.Equal(t, []string{"c0", "c1"}, load(t, s, ""))
	require.Empty(t, unsent(t, s))
	require.Equal(t, []string{"r1"}, unfinished(t, s, checkpoint.StatusQueued, 0, 10))
}

func triedAgain(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	last := checkpoint.Commit{Head: "c0", Checkpoints: points(point("c1", "c0", "r1", 0)), Status: checkpoint.StatusDone, Messages: messages("m")}
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))})
	commit(t, s, last)
	commit(t, s, last)
	require.Equal(t, []string{"c0", "c1"}, load(t, s, ""))
	require.Equal(t, []string{"m"}, unsent(t, s))
}

func otherThread(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	err := s.Commit(t.Context(), checkpoint.Commit{ThreadID: "u", RunID: "r1", Messages: messages("m")})
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	require.Empty(t, unsent(t, s))
}

func replacedTasks(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{CheckpointID: "c0", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Error: "broken"}, {TaskID: "y", Error: "broken, too"}}})
	done := checkpoint.TaskRecord{TaskID: "x", Done: true, Next: []checkpoint.Target{{Node: "b", Input: json.RawMessage(`[1]`)}}}
	commit(t, s, checkpoint.Commit{CheckpointID: "c0", Tasks: []checkpoint.TaskRecord{done}})
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Equal(t, []checkpoint.TaskRecord{done, {TaskID: "y", Error: "broken, too"}}, tasks)
	tasks, err = s.Tasks(t.Context(), "u", "c0")
	require.NoError(t, err)
	require.Empty(t, tasks)
}

func severalCheckpoints(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{
		Checkpoints:  points(point("c0", "", "r1", -1), point("c1", "c0", "r1", 0)),
		CheckpointID: "c1", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Done: true}},
	})
	require.Equal(t, []string{"c0", "c1"}, load(t, s, ""))
	tasks, err := s.Tasks(t.Context(), "t", "c1")
	require.NoError(t, err)
	require.Len(t, tasks, 1)
}

func notJSON(t *testing.T, s checkpoint.Store) {
	bad := point("c0", "", "r1", -1)
	bad.Writes = []checkpoint.Write{{Key: "k", Value: json.RawMessage(`{`)}}
	require.ErrorIs(t, second(s.Accept(t.Context(), checkpoint.Acceptance{Run: run("r1", "t"), Input: points(bad)})), checkpoint.ErrInvalid)
	accept(t, s, "r1")
	refused(t, s, checkpoint.Commit{RunID: "r1", Checkpoints: points(bad), Messages: messages("m")}, checkpoint.ErrInvalid)
	refused(t, s, checkpoint.Commit{RunID: "r1", CheckpointID: "c0", Tasks: []checkpoint.TaskRecord{{TaskID: "x", Writes: bad.Writes}}}, checkpoint.ErrInvalid)
	require.Empty(t, load(t, s, ""))
	require.Empty(t, unsent(t, s))
}

func values(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	c := point("c0", "", "r1", -1)
	value := json.RawMessage(`{"b" : "<&>\u2028\n", "a": [1.50, 1e400, "ü"]}`)
	c.Writes = []checkpoint.Write{
		{Key: "\"<ü>\"\\\n", Value: value}, {Key: "", Value: json.RawMessage(`null`), Overwrite: true},
	}
	c.Nodes = []string{"a\"b", ""}
	c.Next = []checkpoint.Target{{Node: "n\"", Input: value}, {Node: "{"}}
	c.Snapshot = map[string]json.RawMessage{"z": value, "\"": json.RawMessage(`1`)}
	commit(t, s, checkpoint.Commit{Checkpoints: points(c)})
	next := point("c1", "c0", "r1", 0)
	next.Snapshot, next.Writes, next.Nodes, next.Next = map[string]json.RawMessage{}, nil, nil, nil
	commit(t, s, checkpoint.Commit{Checkpoints: points(next)})
	all, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Equal(t, points(next, c), all)
}

func endings(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	accept(t, s, "r2")
	got, err := s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Zero(t, got.EndedAt)
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone, EndedAt: time.Unix(7, 0)})
	commit(t, s, checkpoint.Commit{RunID: "r2", Status: checkpoint.StatusFailed, Error: "broken \x00 \xff"})
	got, err = s.Run(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, time.Unix(7, 0).UTC(), got.EndedAt.UTC())
	got, err = s.Run(t.Context(), "r2")
	require.NoError(t, err)
	require.Equal(t, run("", "").CreatedAt, got.EndedAt)
	require.Contains(t, got.Error, "broken")
}
