package react_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// counted counts the effects that the run commits.
func (r *reviewed) counted() *int {
	n := new(int)
	r.req.Hook = func(_ context.Context, s *graph.Super) error {
		for _, t := range s.Tasks {
			for _, note := range t.Notes {
				if _, ok := note.(react.Effect); ok {
					*n++
				}
			}
		}
		return nil
	}
	return n
}

// leadingTo is the thread's newest checkpoint after which the node comes.
func (b *bench) leadingTo(t *testing.T, thread, node string) checkpoint.Checkpoint {
	t.Helper()
	line, err := b.store.Load(t.Context(), thread, "")
	require.NoError(t, err)
	for _, p := range slices.Backward(line) {
		if len(p.Next) > 0 && p.Next[0].Node == node {
			return p
		}
	}
	require.FailNow(t, "no checkpoint leads to "+node)
	return checkpoint.Checkpoint{}
}

// again goes on from a checkpoint as a run of its own.
func (r *reviewed) again(t *testing.T, thread, id, from string) {
	t.Helper()
	_, err := r.store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: id, ThreadID: thread}})
	require.NoError(t, err)
	input, err := react.Rerun(react.Run{QueryID: id, ThreadID: thread})
	require.NoError(t, err)
	r.req = graph.Request{ThreadID: thread, RunID: id, Continue: true, From: from, Input: input, Hook: r.req.Hook}
	r.run(t)
}

func TestReplayFromBehindAnApprovalAsksAgain(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	effects := r.counted()
	r.answer(t, `true`)
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	require.Equal(t, 1, *effects)

	r.again(t, "r", "replay", r.leadingTo(t, "r", react.NodeTool).ID)
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	require.Equal(t, "generate_quotation", r.question(t).Action().Name)
	require.Equal(t, 1, *effects, "nothing is sent without a decision")
	r.answer(t, `true`)
	require.Contains(t, r.result(t).Answer, "EUR 368.00")
	require.Equal(t, 2, *effects)
}

func TestCopiedThreadAsksAgain(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	effects := r.counted()
	r.approve(t)
	require.NoError(t, r.engine.CopyThread(t.Context(), "r", "copy"))
	r.again(t, "copy", "second", "")
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	require.Equal(t, "generate_quotation", r.question(t).Action().Name)
	require.Zero(t, *effects)
}

// TestReplayOfSeveralCallsWaitsForAllOfThem: a call that needs no review must not lead on to the next thought meanwhile.
func TestReplayOfSeveralCallsWaitsForAllOfThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var enquiries, searches atomic.Int32
	b.tools(
		tool.Tool{Tool: llm.Tool{Name: "send"}, Sensitive: true, Idempotent: true, Call: func(context.Context, tool.Invocation) (tool.Result, error) {
			enquiries.Add(1)
			return tool.Result{Text: "sent"}, nil
		}},
		launch("find", func(context.Context, tool.Invocation) (tool.Result, error) {
			searches.Add(1)
			return tool.Result{Text: "found"}, nil
		}))
	both := llm.Response{Calls: []llm.Call{
		{ID: "a", Tool: "send", Arguments: json.RawMessage(`{}`)}, {ID: "b", Tool: "find", Arguments: json.RawMessage(`{}`)},
	}}
	m := &script{responses: []llm.Response{both, {Text: "done"}}}
	b.deps.Model = m
	r := b.stop(t, "?")
	r.answer(t, `true`)
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	r.again(t, "r", "replay", r.leadingTo(t, "r", react.NodeTool).ID)
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
	require.Equal(t, "a", r.question(t).CallID)
	require.EqualValues(t, 1, enquiries.Load())
	require.EqualValues(t, 1, searches.Load())
	require.Len(t, m.requests, 2, "no thought before the decision")
	r.answer(t, `true`)
	require.Equal(t, "done", r.result(t).Answer)
	require.EqualValues(t, 2, enquiries.Load())
	require.EqualValues(t, 2, searches.Load())
	require.Len(t, m.requests, 3)
}

// TestApprovalIsOfWhatWasApproved: neither a call's id in the state nor an approval of other arguments lets a call run.
func TestApprovalIsOfWhatWasApproved(t *testing.T) {
	t.Parallel()
	for name, approve := range map[string]func(t *testing.T, r *reviewed) []checkpoint.Write{
		"the id of a call": func(t *testing.T, r *reviewed) []checkpoint.Write {
			w, err := graph.List[string]("approved").Add(r.question(t).CallID, react.ReceiptID("r", r.question(t).CallID))
			require.NoError(t, err)
			return []checkpoint.Write{w}
		},
		"other arguments": func(t *testing.T, r *reviewed) []checkpoint.Write {
			r.approve(t)
			list := messages(t, r.out.State)
			m := list[len(list)-1]
			m.ToolCalls[0].Args = json.RawMessage(`{"items":[{"style":"NS-P101","quantity":20000}]}`)
			raw, err := json.Marshal([]any{m})
			require.NoError(t, err)
			return []checkpoint.Write{{Key: "messages", Value: raw}}
		},
	} {
		r := setup(t).stop(t, quotationAsked)
		effects := r.counted()
		_, err := r.engine.Update(t.Context(), graph.Edit{ThreadID: "r", RunID: "r", Updates: []graph.NodeUpdate{
			{AsNode: react.NodeReview, Goto: []string{react.NodeTool}, Writes: approve(t, r)},
		}})
		require.NoError(t, err, name)
		r.goOn(t)
		require.Equal(t, checkpoint.StatusInterrupted, r.out.Status, name)
		require.Equal(t, "generate_quotation", r.question(t).Action().Name)
		require.Zero(t, *effects, name)
	}
}

// approve answers the review, and stops the run in front of the tool.
func (r *reviewed) approve(t *testing.T) {
	t.Helper()
	r.req.InterruptBefore = []string{react.NodeTool}
	r.answer(t, `true`)
	r.req.InterruptBefore = nil
	require.Equal(t, checkpoint.StatusInterrupted, r.out.Status)
}

// goOn lets a run that an edit has stopped go on.
func (r *reviewed) goOn(t *testing.T) {
	t.Helper()
	_, err := r.store.Decide(t.Context(), checkpoint.Decision{RunID: "r", Continue: true})
	require.NoError(t, err)
	r.run(t)
}

func TestApprovalHoldsForAllWaysToWriteTheSameArguments(t *testing.T) {
	t.Parallel()
	r := setup(t).stop(t, quotationAsked)
	effects := r.counted()
	r.approve(t)
	list := messages(t, r.out.State)
	m := list[len(list)-1]
	m.ToolCalls[0].Args = json.RawMessage(` { "items" : [ { "quantity":20, "style":"NS-P101" } ] } `)
	raw, err := json.Marshal([]any{m})
	require.NoError(t, err)
	_, err = r.engine.Update(t.Context(), graph.Edit{ThreadID: "r", RunID: "r", Updates: []graph.NodeUpdate{
		{AsNode: react.NodeReview, Goto: []string{react.NodeTool}, Writes: []checkpoint.Write{{Key: "messages", Value: raw}}},
	}})
	require.NoError(t, err)
	r.goOn(t)
	require.Equal(t, checkpoint.StatusDone, r.out.Status)
	require.Equal(t, 1, *effects)
}

func TestClientsWriteTheConversationOnly(t *testing.T) {
	t.Parallel()
	g := react.New(setup(t).deps)
	for _, key := range react.ProtectedKeys() {
		_, err := g.Write(key, json.RawMessage(`null`))
		require.ErrorContains(t, err, "the graph's own", key)
	}
	for key, value := range map[string]string{"messages": `[]`, "answer": `"x"`} {
		_, err := g.Write(key, json.RawMessage(value))
		require.NoError(t, err)
	}
}

func TestInputResetsEveryKeyButTheConversation(t *testing.T) {
	t.Parallel()
	writes, err := react.Input(react.Run{QueryID: "q"}, "")
	require.NoError(t, err)
	reset := map[string]bool{}
	for _, w := range writes {
		reset[w.Key] = true
	}
	keys := append(react.ProtectedKeys(), "answer", "max_steps")
	for _, key := range keys {
		require.True(t, reset[key], key)
	}
	require.Len(t, reset, len(keys))
}
