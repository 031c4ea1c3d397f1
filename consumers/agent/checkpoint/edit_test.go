package checkpoint_test

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

func editCases() cases {
	return cases{
		"an edit waits for queued runs":              editWaits,
		"an edit begins a thread":                    editBegins,
		"an edit of a waiting run's thread goes":     editOfWaiting,
		"an edit of a run that goes on is refused":   editOfQueued,
		"one of the first edits begins the thread":   firstEdits,
		"an edit withdraws what was asked":           editWithdraws,
		"a run withdraws its own open questions":     runWithdraws,
		"a question of an ended run is asked again":  askedByAnother,
		"an edit of what has moved on is a conflict": editConflicts,
		"a run's answered questions survive an edit": answersStay,
	}
}

func edit(t *testing.T, s checkpoint.Store, c checkpoint.Commit) {
	t.Helper()
	c.ThreadID = "t"
	require.NoError(t, s.Commit(t.Context(), c))
}

// update is a checkpoint without a run.
func update(id, parent string) checkpoint.Checkpoint {
	c := point(id, parent, "", 0)
	c.Source = checkpoint.SourceUpdate
	return c
}

func editWaits(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	refused(t, s, checkpoint.Commit{Checkpoints: points(update("u0", ""))}, checkpoint.ErrBusy)
	require.Empty(t, load(t, s, ""))
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusDone})
	edit(t, s, checkpoint.Commit{Checkpoints: points(update("u0", ""))})
	require.Equal(t, []string{"u0"}, load(t, s, ""))
}

func editBegins(t *testing.T, s checkpoint.Store) {
	edit(t, s, checkpoint.Commit{Checkpoints: points(update("u0", ""))})
	line, err := s.Load(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, points(update("u0", "")), line)
	require.Equal(t, checkpoint.ThreadIdle, thread(t, s, "t").Status)
}

func editConflicts(t *testing.T, s checkpoint.Store) {
	edit(t, s, checkpoint.Commit{Checkpoints: points(update("u0", ""))})
	edit(t, s, checkpoint.Commit{Head: "u0", Checkpoints: points(update("u1", "u0"))})
	refused(t, s, checkpoint.Commit{Head: "u0", Checkpoints: points(update("u2", "u0"))}, checkpoint.ErrConflict)
	require.ErrorIs(t, s.Commit(t.Context(), checkpoint.Commit{ThreadID: "deleted", Head: "u0"}), checkpoint.ErrConflict)
	_, err := s.Thread(t.Context(), "deleted")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

func question(id, task string) checkpoint.Interrupt {
	return checkpoint.Interrupt{ID: id, CheckpointID: "c0", TaskID: task, Value: json.RawMessage(`1`)}
}

func editOfWaiting(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))})
	interrupt(t, s, question("i", "x"))
	edit(t, s, checkpoint.Commit{Head: "c0", Checkpoints: points(update("u0", "c0"))})
	require.Equal(t, []string{"c0", "u0"}, load(t, s, ""))
	require.Equal(t, checkpoint.ThreadInterrupted, thread(t, s, "t").Status)
	require.Equal(t, checkpoint.StatusQueued, decide(t, s, decision("i", `1`)).Status)
}

func editOfQueued(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	commit(t, s, checkpoint.Commit{Checkpoints: points(point("c0", "", "r1", -1))})
	interrupt(t, s, question("i", "x"))
	change, fork := update("u1", "c0"), point("u1", "c0", "r1", 0)
	change.RunID, fork.Source = "r1", checkpoint.SourceFork
	edits := []checkpoint.Commit{
		{Checkpoints: points(change)},
		{Checkpoints: points(fork), Withdraw: true},
	}
	require.NotNil(t, decide(t, s, decision("i", `1`)))
	for _, c := range edits {
		c.RunID, c.Head, c.Messages = "r1", "c0", messages("m")
		refused(t, s, c, checkpoint.ErrBusy)
	}
	require.Equal(t, []string{"c0"}, load(t, s, ""))
	require.Empty(t, unsent(t, s))
	interrupt(t, s, question("j", "x"))
	for range 2 { // the second is the first, tried again
		commit(t, s, checkpoint.Commit{Head: "c0", Checkpoints: points(change), Withdraw: true, Status: checkpoint.StatusQueued})
	}
	require.Equal(t, []string{"c0", "u1"}, load(t, s, ""))
}

func firstEdits(t *testing.T, s checkpoint.Store) {
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Commit(t.Context(), checkpoint.Commit{ThreadID: "t", Fresh: true, Checkpoints: points(update(strconv.Itoa(i), ""))})
		})
	}
	wg.Wait()
	first := load(t, s, "")
	require.Len(t, first, 1)
	for i, err := range errs {
		if strconv.Itoa(i) == first[0] {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, checkpoint.ErrConflict)
		}
	}
	all, err := s.History(t.Context(), "t", "", 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// open returns the questions at c0 that have no answer.
func open(t *testing.T, s checkpoint.Store) []string {
	t.Helper()
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	var out []string
	for _, task := range tasks {
		for _, in := range task.Interrupts {
			if in.Resume == nil {
				out = append(out, in.ID)
			}
		}
	}
	return out
}

func editWithdraws(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"), question("j", "y"))
	edit(t, s, checkpoint.Commit{Withdraw: true, Checkpoints: points(update("u0", ""))})
	require.Empty(t, open(t, s))
	require.Nil(t, decide(t, s, decision("i", `1`)))
	require.Equal(t, "r1", decide(t, s, checkpoint.Decision{RunID: "r1", Continue: true}).ID)
}

func answersStay(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"), question("j", "y"))
	require.Nil(t, decide(t, s, decision("i", `7`)))
	edit(t, s, checkpoint.Commit{Withdraw: true})
	tasks, err := s.Tasks(t.Context(), "t", "c0")
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, []json.RawMessage{json.RawMessage(`7`)}, tasks[0].Resumes())
}

func runWithdraws(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("others", "x"))
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusFailed})
	accept(t, s, "r2")
	commit(t, s, checkpoint.Commit{RunID: "r2", Interrupts: []checkpoint.Interrupt{question("i", "y")}})
	commit(t, s, checkpoint.Commit{RunID: "r2", Withdraw: true, Interrupts: []checkpoint.Interrupt{question("j", "z")}})
	require.Equal(t, []string{"others", "j"}, open(t, s))
}

func askedByAnother(t *testing.T, s checkpoint.Store) {
	accept(t, s, "r1")
	interrupt(t, s, question("i", "x"))
	commit(t, s, checkpoint.Commit{Status: checkpoint.StatusFailed})
	accept(t, s, "r2")
	commit(t, s, checkpoint.Commit{RunID: "r2", Interrupts: []checkpoint.Interrupt{question("i", "x")}, Status: checkpoint.StatusInterrupted})
	require.Equal(t, "r2", decide(t, s, decision("i", `1`)).ID)
}
