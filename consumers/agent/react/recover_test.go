package react_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

var errCrash = errors.New("crash")

// crashing is a store that stops at the first commit after a tool was called.
type crashing struct {
	*checkpoint.Memory
	called *int
	dead   bool
}

func (c *crashing) Commit(ctx context.Context, commit checkpoint.Commit) error {
	if c.dead || *c.called > 0 {
		c.dead = true
		return errCrash
	}
	return c.Memory.Commit(ctx, commit)
}

// cutOff runs until the process ends between the call of launch and its receipt, and returns how a new one goes on.
func cutOff(t *testing.T, b *bench, change func(*tool.Tool)) (*reviewed, *int) {
	t.Helper()
	called := 0
	x := launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		called++
		return tool.Result{Text: "launched"}, nil
	})
	x.Idempotent = false
	change(&x)
	b.tools(x)
	b.deps.Model = &script{responses: []llm.Response{wants("a")}}
	req := b.request(t, "r", "?", 10)
	e, err := graph.NewEngine(react.New(b.deps), &crashing{Memory: b.store, called: &called}, graph.Config{})
	require.NoError(t, err)
	_, err = e.Run(t.Context(), req)
	require.ErrorIs(t, err, errCrash)
	require.Equal(t, 1, called)
	receipt, err := b.store.Receipt(t.Context(), react.ReceiptID("r", "a"))
	require.NoError(t, err)
	require.Nil(t, receipt.Result, "an intent without a receipt")
	b.deps.Model = &script{responses: []llm.Response{{Text: "done"}}}
	req.Recovered = true
	return &reviewed{bench: b, engine: b.engine(t), req: req}, &called
}

func (r *reviewed) observation(t *testing.T) message.Message {
	t.Helper()
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	list := messages(t, r.out.State)
	return list[len(list)-2]
}

func TestCallThatWasDoneIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	var asked tool.Invocation
	r, called := cutOff(t, setup(t), func(x *tool.Tool) {
		x.Reconcile = func(_ context.Context, in tool.Invocation) (tool.Result, bool, error) {
			asked = in
			return tool.Result{Text: "it was launched"}, true, nil
		}
	})
	r.run(t)
	require.Equal(t, 1, *called)
	require.Equal(t, "it was launched", r.observation(t).Content.String())
	require.Equal(t, react.ReceiptID("r", "a"), asked.CallID)
	require.JSONEq(t, `{"n":0}`, string(asked.Arguments))
	receipt, err := r.store.Receipt(t.Context(), asked.CallID)
	require.NoError(t, err)
	require.Contains(t, string(receipt.Result), "it was launched")
}

func TestCallThatWasNotDoneIsMade(t *testing.T) {
	t.Parallel()
	r, called := cutOff(t, setup(t), func(x *tool.Tool) {
		x.Reconcile = func(context.Context, tool.Invocation) (tool.Result, bool, error) { return tool.Result{}, false, nil }
	})
	r.run(t)
	require.Equal(t, 2, *called)
	require.Equal(t, "launched", r.observation(t).Content.String())
}

func TestIdempotentCallIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, reconcile := range map[string]func(context.Context, tool.Invocation) (tool.Result, bool, error){
		"without reconcile": nil,
		"reconcile that cannot tell": func(context.Context, tool.Invocation) (tool.Result, bool, error) {
			return tool.Result{}, false, errors.New("away")
		},
		"reconcile that panics": func(context.Context, tool.Invocation) (tool.Result, bool, error) { panic("oh") },
	} {
		r, called := cutOff(t, setup(t), func(x *tool.Tool) { x.Idempotent, x.Reconcile = true, reconcile })
		r.run(t)
		require.Equal(t, 2, *called, name)
		require.Equal(t, "launched", r.observation(t).Content.String())
	}
}

func TestCallOfWhichNothingIsKnownAsksAPerson(t *testing.T) {
	t.Parallel()
	for name, reconcile := range map[string]func(context.Context, tool.Invocation) (tool.Result, bool, error){
		"without reconcile": nil,
		"reconcile that cannot tell": func(context.Context, tool.Invocation) (tool.Result, bool, error) {
			return tool.Result{}, true, errors.New("away")
		},
	} {
		for answer, calls := range map[string]int{`"approve"`: 2, `"reject"`: 1} {
			r, called := cutOff(t, setup(t), func(x *tool.Tool) { x.Reconcile = reconcile })
			r.run(t)
			require.Equal(t, checkpoint.StatusInterrupted, r.out.Status, name)
			q := r.question(t)
			require.True(t, q.Recovery)
			require.Equal(t, []react.Kind{react.Approve, react.Reject}, q.Allowed())
			require.Contains(t, q.Action().Description, "may have been done")
			require.Equal(t, 1, *called)
			r.answer(t, `{"decisions":[{"type":"edit","edited_action":{"name":"launch","args":{}}}]}`)
			require.Contains(t, r.question(t).Problem, "edit is not allowed here")
			r.answer(t, answer)
			require.Equal(t, calls, *called, name)
			if calls == 1 {
				require.Contains(t, r.observation(t).Content.String(), "It is not known whether launch was done")
			}
		}
	}
}

func TestCallWithAReceiptIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	for raw, status := range map[string]message.Status{`{"text":"launched before"}`: message.Success, `{"text":"launched before","failed":true}`: message.Failure} {
		r, called := cutOff(t, setup(t), func(*tool.Tool) {})
		require.NoError(t, r.store.Commit(t.Context(), checkpoint.Commit{ThreadID: "r", RunID: "r", Receipts: []checkpoint.Receipt{
			{CallID: react.ReceiptID("r", "a"), RunID: "r", Tool: "launch", Result: json.RawMessage(raw)},
		}}))
		r.run(t)
		require.Equal(t, 1, *called)
		require.Equal(t, "launched before", r.observation(t).Content.String())
		require.Equal(t, status, r.observation(t).Status)
	}
}

func TestCallThatFinishedBesideOneThatWasCutOffIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	called := map[string]int{}
	first := make(chan struct{})
	crash := errors.New("the process ends")
	b.tools(
		launch("quick", func(context.Context, tool.Invocation) (tool.Result, error) {
			called["quick"]++
			return tool.Result{Text: "quick"}, nil
		}),
		launch("slow", func(context.Context, tool.Invocation) (tool.Result, error) {
			<-first
			if called["slow"]++; called["slow"] == 1 {
				return tool.Result{}, crash
			}
			return tool.Result{Text: "slow"}, nil
		}))
	b.deps.Model = &script{responses: []llm.Response{
		{Calls: []llm.Call{{ID: "q", Tool: "quick", Arguments: json.RawMessage(`{}`)}, {ID: "s", Tool: "slow", Arguments: json.RawMessage(`{}`)}}}, {Text: "done"},
	}}
	req := b.request(t, "r", "?", 10)
	req.Hook = func(_ context.Context, s *graph.Super) error {
		if len(s.Tasks) == 1 && s.Tasks[0].Node == react.NodeTool && called["slow"] == 0 {
			defer close(first)
		}
		return nil
	}
	e := b.engine(t)
	_, err := e.Run(t.Context(), req)
	require.ErrorIs(t, err, crash)
	req.Recovered = true
	out, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, checkpoint.StatusDone, out.Status)
	require.Equal(t, map[string]int{"quick": 1, "slow": 2}, called)
}
