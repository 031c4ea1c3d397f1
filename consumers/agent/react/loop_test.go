package react_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// script is a model that says what it is told, one response to a request. The last one is repeated.
type script struct {
	responses []llm.Response
	requests  []llm.Request
	err       error
}

func (s *script) Name() string { return "extractive" }

func (s *script) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	s.requests = append(s.requests, r)
	return s.responses[min(len(s.requests), len(s.responses))-1], s.err
}

func calls(tool, arguments string) llm.Response {
	return llm.Response{Thought: "t", Calls: []llm.Call{{Tool: tool, Arguments: json.RawMessage(arguments)}}}
}

func TestRunStopsAtItsStepLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{calls("lookup_standard", `{"query":"API 622"}`)}}
	b.deps.Model = m
	out, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 3))
	require.NoError(t, err)
	r, err := react.ReadResult(out.State)
	require.NoError(t, err)
	require.Equal(t, react.StateFailed, r.State)
	require.Equal(t, "step limit of 3 reached", r.Error)
	require.Equal(t, 3, r.Iterations)
	require.Len(t, m.requests, 3)
	require.False(t, r.Success())
}

func TestModelIsToldOfItsMistakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{
		calls("launch", `{}`), calls("lookup_standard", `"x"`), calls("generate_quotation", `{"items":[]}`), {Text: "sorry"},
	}}
	b.deps.Model = m
	r := b.ask(t, "?")
	require.Equal(t, "sorry", r.Answer)
	require.Empty(t, r.ToolsUsed)
	last := m.requests[3].Messages
	require.Contains(t, last[len(last)-5].Text, "The tools are search_knowledge, lookup_standard, generate_quotation, submit_enquiry.")
	require.Contains(t, last[len(last)-3].Text, "lookup_standard was not run")
	require.Contains(t, last[len(last)-1].Text, "items must have")
}

func TestNextQuestionOfAThreadKnowsTheLastAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{{Text: "seven"}}}
	b.deps.Model, b.deps.System = m, domain.Prompt{Version: "1", Text: "be brief"}
	e := b.engine(t)
	for _, id := range []string{"one", "two"} {
		_, err := e.Run(t.Context(), b.requestOn(t, "thread", id, "question "+id, 10))
		require.NoError(t, err)
	}
	require.Equal(t, []llm.Message{
		{Role: llm.RoleSystem, Text: "be brief"},
		{Role: llm.RoleUser, Text: "question one"},
		{Role: llm.RoleAssistant, Text: "seven"},
		{Role: llm.RoleUser, Text: "question two"},
	}, m.requests[1].Messages)
}

func TestCostIsUnknownWhenOnePriceIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.Model = &script{responses: []llm.Response{
		{Model: "gpt-5-mini", Calls: []llm.Call{{Tool: "launch", Arguments: json.RawMessage(`{}`)}}, Usage: llm.Usage{InputTokens: 10}},
		{Model: "gpt-5-mini", Text: "x", Usage: llm.Usage{InputTokens: 20}},
	}}
	r := b.ask(t, "known")
	require.Equal(t, react.Spent{Pico: 30 * 250_000, Table: b.deps.Prices.Version}, r.Spent)
	require.EqualValues(t, 30, r.Usage.InputTokens)
	b.deps.Model = &script{responses: []llm.Response{{Model: "llama", Text: "x"}}}
	require.True(t, b.ask(t, "unknown").Spent.Unknown)
}

func TestModelThatFailsIsANodesError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.Model = &script{responses: []llm.Response{{}}, err: &llm.Error{Status: 503}}
	_, err := b.engine(t).Run(t.Context(), b.request(t, "r", "?", 10))
	var node *graph.NodeError
	require.ErrorAs(t, err, &node)
	require.Equal(t, react.NodeThought, node.Node)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
}
