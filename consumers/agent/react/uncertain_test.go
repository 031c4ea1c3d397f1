package react_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// TestCallThatWasNotBegunIsMadeWithoutAQuestion: a deployment between the decision to call and the call is no crash within it.
func TestCallThatWasNotBegunIsMadeWithoutAQuestion(t *testing.T) {
	t.Parallel()
	called := 0
	b := setup(t)
	x := launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		called++
		return tool.Result{Text: "launched"}, nil
	})
	x.Idempotent = false
	b.tools(x)
	b.deps.Model = &script{responses: []llm.Response{wants("a"), {Text: "done"}}}
	req := b.request(t, "r", "?", 10)
	drain := make(chan struct{})
	req.Drain, req.Hook = drain, func(_ context.Context, s *graph.Super) error {
		if s.Tasks[0].Node == react.NodeSelector && called == 0 {
			close(drain)
		}
		return nil
	}
	_, err := b.engine(t).Run(t.Context(), req)
	require.ErrorIs(t, err, graph.ErrDrained)
	require.Zero(t, called)
	req.Drain, req.Hook, req.Recovered = nil, nil, true
	r := &reviewed{bench: b, engine: b.engine(t), req: req}
	r.run(t)
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	require.Equal(t, 1, called)
}

// cut is a run that has stopped since a call ended with err after it was made.
func cut(t *testing.T, err error, change func(*tool.Tool)) (*reviewed, *int) {
	t.Helper()
	called := 0
	x := launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		if called++; called > 2 {
			return tool.Result{Text: "launched"}, nil
		}
		return tool.Result{}, err
	})
	x.Idempotent = false
	change(&x)
	b := setup(t)
	b.tools(x)
	b.deps.Model = &script{responses: []llm.Response{wants("a"), {Text: "done"}}}
	r := &reviewed{bench: b, engine: b.engine(t), req: b.request(t, "r", "?", 10)}
	r.run(t)
	return r, &called
}

func TestCallThatMayHaveBeenDoneAsksAPerson(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"lost": tool.ErrLost, "too late": tool.ErrTimeout, "panicked": tool.ErrPanic} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, called := cut(t, err, func(*tool.Tool) {})
			require.Equal(t, checkpoint.StatusInterrupted, r.out.Status, "the model must not try it again")
			require.True(t, r.question(t).Recovery)
			require.Contains(t, r.question(t).Action().Description, "may have been done")
			require.Equal(t, 1, *called)
			r.answer(t, `true`)
			require.Equal(t, checkpoint.StatusInterrupted, r.out.Status, "it was cut off again")
			require.Equal(t, 2, *called)
			r.answer(t, `false`)
			require.Equal(t, 2, *called, "the last answer counts")
			require.Contains(t, r.observation(t).Content.String(), "It is not known whether launch was done")
		})
	}
	r, called := cut(t, tool.ErrLost, func(*tool.Tool) {})
	r.answer(t, `true`)
	r.answer(t, `true`)
	require.Equal(t, 3, *called)
	require.Equal(t, "launched", r.observation(t).Content.String())
}

func TestCallThatMayHaveBeenDoneIsReconciledFirst(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{true, false} {
		r, called := cut(t, tool.ErrLost, func(x *tool.Tool) {
			x.Reconcile = func(context.Context, tool.Invocation) (tool.Result, bool, error) {
				return tool.Result{Text: "it was launched"}, done, nil
			}
		})
		require.Equal(t, 1, *called)
		want := "it was launched"
		if !done {
			want = "connection was lost"
		}
		require.Contains(t, r.observation(t).Content.String(), want)
	}
}

func TestAnswerThatWasGivenCountsWithoutAnIntent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.Commit = nil
	called := 0
	x := launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		called++
		return tool.Result{}, tool.ErrLost
	})
	x.Idempotent = false
	b.tools(x)
	b.deps.Model = &script{responses: []llm.Response{wants("a"), {Text: "done"}}}
	b.deps.Receipt = func(context.Context, string) (checkpoint.Receipt, error) {
		return checkpoint.Receipt{}, checkpoint.ErrNotFound
	}
	r := &reviewed{bench: b, engine: b.engine(t), req: b.request(t, "r", "?", 10)}
	r.run(t)
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	r.answer(t, `false`)
	require.Equal(t, 1, called)
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
}
