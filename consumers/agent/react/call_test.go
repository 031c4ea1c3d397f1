package react_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// launch is a tool of a name with a function.
func launch(name string, fn func(context.Context, tool.Invocation) (tool.Result, error)) tool.Tool {
	return tool.Tool{Tool: llm.Tool{Name: name}, Idempotent: true, Call: fn}
}

func wants(ids ...string) llm.Response {
	r := llm.Response{Thought: "all at once"}
	for i, id := range ids {
		r.Calls = append(r.Calls, llm.Call{ID: id, Tool: "launch", Arguments: json.RawMessage(`{"n":` + strconv.Itoa(i) + `}`)})
	}
	return r
}

func TestCallsOfOneMessageRunInParallel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var here atomic.Int32
	all := make(chan struct{})
	b.tools(launch("launch", func(ctx context.Context, in tool.Invocation) (tool.Result, error) {
		if here.Add(1) == 3 {
			close(all)
		}
		select {
		case <-all:
			return tool.Result{Text: "launched " + string(in.Arguments)}, nil
		case <-ctx.Done():
			return tool.Result{}, ctx.Err()
		}
	}))
	m := &script{responses: []llm.Response{wants("a", "b", "c"), {Text: "done"}}}
	b.deps.Model = m
	out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 10))
	require.NoError(t, err)
	list := messages(t, out.State)
	require.Len(t, list, 6)
	require.Equal(t, message.AI, list[1].Type)
	for i, id := range []string{"a", "b", "c"} {
		require.Equal(t, id, list[1].ToolCalls[i].ID, "the provider's ids are kept")
		require.Equal(t, id, list[2+i].ToolCallID, "answers are in the order of the calls")
		require.Equal(t, message.Success, list[2+i].Status)
	}
	require.Equal(t, react.AnswerID("r"), list[5].ID)
	told := m.requests[1].Messages
	require.Len(t, told[len(told)-4].Calls, 3)
	require.Equal(t, "all at once", told[len(told)-4].Text)
	require.Equal(t, `launched {"n":2}`, told[len(told)-1].Text)
	r, err := react.ReadResult(out.State)
	require.NoError(t, err)
	var nodes []string
	for _, s := range r.Steps {
		nodes = append(nodes, s.Node)
	}
	require.Equal(t, []string{"thought", "action_selector", "tool_executor", "tool_executor", "tool_executor", "observation", "thought", "action_selector", "final_answer"}, nodes)
	require.Equal(t, "launch, launch, launch", r.Steps[1].Tool)
	require.Equal(t, `[{"n":0},{"n":1},{"n":2}]`, r.Steps[1].Input)
	require.Equal(t, `{"n":1}`, r.Steps[3].Input)
	require.Equal(t, "launched {\"n\":0}\n\nlaunched {\"n\":1}\n\nlaunched {\"n\":2}", r.Steps[5].Observation)
}

func TestIDsThatAProviderGivesTwiceAreMadeUnique(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := map[string]bool{}
	b.tools(launch("launch", func(_ context.Context, in tool.Invocation) (tool.Result, error) {
		require.False(t, keys[in.CallID])
		keys[in.CallID] = true
		return tool.Result{Text: "ok"}, nil
	}))
	b.deps.Model = &script{responses: []llm.Response{wants("0"), wants("0"), wants(""), {Text: "done"}}}
	r := b.ask(t, "?")
	require.Equal(t, "done", r.Answer)
	require.Len(t, keys, 3)
}

func TestProgressOfAToolIsEmitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.tools(launch("launch", func(_ context.Context, in tool.Invocation) (tool.Result, error) {
		in.Progress(tool.Progress{Done: 1, Total: 2, Message: "half"})
		return tool.Result{Text: "ok"}, nil
	}))
	b.deps.Model = &script{responses: []llm.Response{wants("a"), {Text: "done"}}}
	req := b.request(t, "r", "?", 10)
	var got []any
	req.Observe = func(e graph.Event) {
		if e.Kind == graph.EventCustom {
			got = append(got, e.Data)
		}
	}
	_, err := b.engine(t).Run(t.Context(), req)
	require.NoError(t, err)
	raw, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `[{"type":"tool_progress","tool":"launch","tool_call_id":"a","done":1,"total":2,"message":"half"}]`, string(raw))
}

func TestToolThatFailsIsAnObservation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call func(context.Context, tool.Invocation) (tool.Result, error)
		want string
	}{
		"hangs": {func(ctx context.Context, _ tool.Invocation) (tool.Result, error) {
			<-ctx.Done()
			return tool.Result{}, ctx.Err()
		}, "took too long"},
		"panics": {func(context.Context, tool.Invocation) (tool.Result, error) { panic("oh") }, "panicked"},
		"fails":  {func(context.Context, tool.Invocation) (tool.Result, error) { return tool.Result{}, tool.ErrFailed }, "tool failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			x := launch("launch", c.call)
			if name == "hangs" {
				x.Timeout = time.Millisecond
			}
			b.tools(x)
			m := &script{responses: []llm.Response{wants("a"), {Text: "sorry"}}}
			b.deps.Model = m
			r := b.ask(t, "?")
			require.Equal(t, "sorry", r.Answer)
			require.Empty(t, r.ToolsUsed)
			told := m.requests[1].Messages
			require.Contains(t, told[len(told)-1].Text, c.want)
		})
	}
}

func TestErrorThatIsNotTheToolsEndsTheRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own := errors.New("disk is gone")
	b.tools(launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) { return tool.Result{}, own }))
	b.deps.Model = &script{responses: []llm.Response{wants("a")}}
	_, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 10))
	require.ErrorIs(t, err, own)
	var node *graph.NodeError
	require.ErrorAs(t, err, &node)
	require.Equal(t, react.NodeTool, node.Node)
}

func TestFiftyMegabytesDoNotEnterTheState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.tools(launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		return tool.Result{Text: strings.Repeat("word ", 10<<20), Data: json.RawMessage(`"` + strings.Repeat("x", 50<<20) + `"`)}, nil
	}))
	b.deps.Model = &script{responses: []llm.Response{wants("a"), {Text: "done"}}}
	out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 10))
	require.NoError(t, err)
	require.Less(t, size(out.State), 300<<10)
	require.Contains(t, messages(t, out.State)[2].Content.String(), "[cut: the result has 52428800 bytes")
}

func size(s graph.State) int {
	n := 0
	for _, v := range s {
		n += len(v)
	}
	return n
}

func TestTextsAreStoredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.tools(launch("launch", func(context.Context, tool.Invocation) (tool.Result, error) {
		return tool.Result{Text: "result-" + strings.Repeat("r", 1000)}, nil
	}))
	b.deps.Model = &script{responses: []llm.Response{
		{Thought: "thought-" + strings.Repeat("t", 1000), Calls: []llm.Call{{ID: "a", Tool: "launch", Arguments: json.RawMessage(`"argument-` + strings.Repeat("a", 1000) + `"`)}}},
		{Text: "done"},
	}}
	out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "question-"+strings.Repeat("q", 1000), 10))
	require.NoError(t, err)
	all, err := json.Marshal(out.State)
	require.NoError(t, err)
	for _, mark := range []string{"result-", "thought-", "argument-", "question-"} {
		require.Equal(t, 1, strings.Count(string(all), mark), mark)
	}
}
