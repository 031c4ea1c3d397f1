package graph_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// asking is a graph whose only node asks, under a version.
func asking(t *testing.T, version string) *graph.Graph {
	return one(func(_ context.Context, task *graph.Task) (graph.Update, error) {
		if _, err := task.Interrupt("q"); err != nil {
			return graph.Update{}, err
		}
		return graph.Update{Writes: []checkpoint.Write{must(path.Add(version))(t)}}, nil
	}).Named(version)
}

// A run that has begun finishes on its version of the graph, or is refused: also when it has not finished a step.
func TestRunStaysOnItsVersion(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		t.Run(strconv.FormatBool(kept), func(t *testing.T) {
			t.Parallel()
			s := checkpoint.NewMemory()
			req := accept(t, s, "r")
			out, err := engine(t, asking(t, "old"), s, graph.Config{}).Run(t.Context(), req)
			require.NoError(t, err)
			_, err = s.Decide(t.Context(), checkpoint.Decision{Answers: map[string]json.RawMessage{out.Interrupts[0].ID: []byte(`1`)}})
			require.NoError(t, err)
			cfg := graph.Config{}
			if kept {
				cfg.Older = []*graph.Graph{asking(t, "old")}
			}
			out, err = engine(t, asking(t, "new"), s, cfg).Run(t.Context(), req)
			if !kept {
				require.ErrorIs(t, err, graph.ErrVersion)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{"old"}, visited(t, out.State))
		})
	}
}

func TestRunThatHasNotBegunMovesOn(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	req := accept(t, s, "r")
	b, err := engine(t, asking(t, "old"), s, graph.Config{}).Begin(t.Context(), req)
	require.NoError(t, err)
	require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{ThreadID: "t", RunID: "r", Checkpoints: b.Checkpoints}))
	_, err = engine(t, asking(t, "new"), s, graph.Config{}).Run(t.Context(), req)
	require.NoError(t, err)
}

func TestGoingOnWhereTheGraphHasNoSuchNodeIsRefused(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	_, err := engine(t, diamond(t), s, graph.Config{Limit: 1}).Run(t.Context(), accept(t, s, "r"))
	require.ErrorIs(t, err, graph.ErrRecursion)
	require.NoError(t, s.Commit(t.Context(), checkpoint.Commit{ThreadID: "t", RunID: "r", Status: checkpoint.StatusFailed}))
	req := accept(t, s, "r2")
	req.Continue = true
	_, err = engine(t, loop(t, 1), s, graph.Config{}).Run(t.Context(), req)
	require.ErrorIs(t, err, graph.ErrVersion)
}

// Keys that a later version has dropped do not make a thread unreadable.
func TestThreadOutlivesItsKeys(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	req := accept(t, s, "r")
	req.Input = []checkpoint.Write{must(word.Set("x"))(t)}
	_, err := engine(t, diamond(t), s, graph.Config{}).Run(t.Context(), req)
	require.NoError(t, err)
	out, err := engine(t, loop(t, 1), s, graph.Config{}).Run(t.Context(), accept(t, s, "r2"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d", "a"}, visited(t, out.State))
}

// An edit that rests on a checkpoint that is no longer the newest is refused.
func TestEditOfAThreadThatMovesOnIsRefused(t *testing.T) {
	t.Parallel()
	s := &moving{Store: checkpoint.NewMemory()}
	e := engine(t, diamond(t), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	edit := graph.Edit{ThreadID: "t", Updates: []graph.NodeUpdate{{AsNode: "a"}}}
	s.between = func() { must(e.Update(t.Context(), edit))(t) }
	_, err = e.Update(t.Context(), edit)
	require.ErrorIs(t, err, checkpoint.ErrConflict)
}

// moving does something between an edit's look and its commit.
type moving struct {
	checkpoint.Store
	between func()
}

func (s *moving) Commit(ctx context.Context, c checkpoint.Commit) error {
	if f := s.between; f != nil {
		s.between = nil
		f()
	}
	return s.Store.Commit(ctx, c)
}

func TestCopyOfAThreadGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, diamond(t), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	require.NoError(t, e.CopyThread(t.Context(), "t", "copy"))
	require.ErrorIs(t, e.CopyThread(t.Context(), "t", "copy"), checkpoint.ErrConflict)
	_, err = e.Update(t.Context(), graph.Edit{ThreadID: "copy", Updates: []graph.NodeUpdate{{Writes: []checkpoint.Write{must(path.Add("x"))(t)}}}})
	require.NoError(t, err, "the last writer is known")
	copied, err := e.State(t.Context(), "copy", "")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d", "x"}, visited(t, copied.Values))
	original, err := e.State(t.Context(), "t", "")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, visited(t, original.Values))
}

// History pages: newest first, before a checkpoint, up to a limit, those that match.
func TestHistoryIsFiltered(t *testing.T) {
	t.Parallel()
	s := checkpoint.NewMemory()
	e := engine(t, loop(t, 100), s, graph.Config{})
	_, err := e.Run(t.Context(), accept(t, s, "r"))
	require.NoError(t, err)
	steps := func(q graph.HistoryQuery) []int {
		var out []int
		for _, h := range must(e.History(t.Context(), "t", q))(t) {
			out = append(out, h.Checkpoint.Step)
		}
		return out
	}
	require.Len(t, steps(graph.HistoryQuery{}), 10)
	all := must(e.History(t.Context(), "t", graph.HistoryQuery{Limit: 1000}))(t)
	require.Len(t, all, 102)
	require.Equal(t, []int{97, 96}, steps(graph.HistoryQuery{Before: all[2].Checkpoint.ID, Limit: 2}))
	require.Equal(t, []int{-1}, steps(graph.HistoryQuery{Match: func(c checkpoint.Checkpoint) bool { return c.Source == checkpoint.SourceInput }}))
}

// The id of an interrupt is the one that LangGraph gives.
func TestInterruptIDIsLangGraphs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "d1c0b271f9a75f7311e5e2449a9eab64", graph.InterruptID("human_review", "4e1c2a4d-c02f-58f7-a36b-5e3c7e3f1d66", 0))
}
