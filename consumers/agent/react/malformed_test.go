package react_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/internal/llm"
)

func nonsense(said string) llm.Response {
	return llm.Response{Thought: said, Calls: []llm.Call{{Invalid: "neither an action nor an answer"}}}
}

func TestNonsenseInARowEndsTheRunWithATypedError(t *testing.T) {
	t.Parallel()
	for limit, most := range map[int]int{0: 3, 1: 1, 10: 10} {
		b := setup(t)
		b.deps.MaxMalformed = limit
		m := &script{responses: []llm.Response{nonsense("glorp")}}
		b.deps.Model = m
		out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 100))
		require.ErrorIs(t, err, react.ErrMalformed)
		require.ErrorContains(t, err, "glorp")
		var node *graph.NodeError
		require.ErrorAs(t, err, &node)
		require.Len(t, m.requests, most)
		r, err := react.ReadResult(out.State)
		require.NoError(t, err)
		require.Equal(t, most, r.Iterations, "what the nonsense cost is counted")
	}
}

func TestNonsenseTenTimesEndsWithinTheDefaultSteps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.MaxMalformed = 100
	m := &script{responses: []llm.Response{nonsense("glorp")}}
	b.deps.Model = m
	r := b.ask(t, "?")
	require.Equal(t, react.StateFailed, r.State)
	require.Len(t, m.requests, 10)
}

func TestSenseInBetweenStartsTheCountAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{
		nonsense("a"), nonsense("b"), calls("lookup_standard", `{"query":"API 622"}`), nonsense("c"), {}, {Text: "seven"},
	}}
	b.deps.Model = m
	r := b.ask(t, "?")
	require.Equal(t, "seven", r.Answer)
	require.Equal(t, react.StateAnswered, r.State)
	last := m.requests[5].Messages
	require.Contains(t, last[len(last)-1].Text, "Your message is empty")
	require.Contains(t, last[len(last)-3].Text, "neither an action nor an answer")
	require.Equal(t, "c", last[len(last)-4].Text, "the model sees what it wrote")
}

func TestNonsenseBesideACallIsToldWithItsResult(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{{Calls: []llm.Call{
		{ID: "a", Tool: "lookup_standard", Arguments: json.RawMessage(`{"query":"API 622"}`)},
		{ID: "b", Tool: "lookup_standard", Arguments: json.RawMessage(`"{oops"`), Invalid: "no JSON"},
	}}, {Text: "done"}}}
	b.deps.Model = m
	out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 10))
	require.NoError(t, err)
	ai := messages(t, out.State)[1]
	require.Len(t, ai.ToolCalls, 1)
	require.Equal(t, []message.InvalidToolCall{{ID: "b", Name: "lookup_standard", Args: "{oops", Error: "no JSON"}}, ai.InvalidToolCalls)
	last := m.requests[1].Messages
	require.Equal(t, "no JSON", last[len(last)-1].Text)
	require.Contains(t, last[len(last)-2].Text, "API 622")
}
