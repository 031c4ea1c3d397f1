package agent_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// scripted is a model that says one thing after the other, by how often it was answered.
type scripted []llm.Response

func (scripted) Name() string { return "scripted" }

func (s scripted) Generate(_ context.Context, r llm.Request, _ func(string)) (llm.Response, error) {
	n := 0
	for i, m := range r.Messages {
		if m.Role == llm.RoleAssistant && i > 0 && len(m.Calls) > 0 {
			n++
		}
	}
	return s[min(n, len(s)-1)], nil
}

func TestModelThatTalksNonsenseGivesAnAnswerThatSaysSo(t *testing.T) {
	t.Parallel()
	r := setup(t)
	cfg := config(t)
	cfg.React.MaxMalformed = 10
	cfg.MaxSteps = 100
	model := scripted{{Thought: "glorp", Calls: []llm.Call{{Invalid: "neither an action nor an answer"}}, Prompt: llm.Prompt{Name: "react", Version: "9"}}}
	a := r.open(t, cfg, agent.Deps{Model: model})
	streamtest.Start(t, a.Run)
	q, next := query("thread", "?!"), query("thread", "?!?")
	deliver(t, a, q, next)
	for _, got := range r.answers(t, q, next) {
		require.Equal(t, event.AnswerState_ANSWER_STATE_FAILED, got.GetState())
		require.Contains(t, got.GetError(), "make no sense")
		require.Contains(t, got.GetText(), "neither an answer nor a tool call")
		require.EqualValues(t, 10, got.GetIterations())
		require.Equal(t, "react-9.system-"+r.pack.Prompts["system"].Version, got.GetPromptVersion())
	}
	for _, s := range of[*event.SpanEnded](t, r, topic.Spans, q.ID) {
		if s.GetOperation() == "chat" {
			require.Equal(t, "react", s.GetAttributes()["gen_ai.prompt.name"].GetStringValue())
		}
	}
}

func TestToolThatGivesTooMuchIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	r := setup(t)
	flood := tool.Tool{Tool: llm.Tool{Name: "flood"}, Idempotent: true, Call: func(context.Context, tool.Invocation) (tool.Result, error) {
		return tool.Result{Text: string(make([]byte, 50<<20))}, nil
	}}
	call := llm.Response{Calls: []llm.Call{{Tool: "flood", Arguments: json.RawMessage(`{}`)}, {Tool: "flood", Arguments: json.RawMessage(`{}`)}}}
	a := r.open(t, config(t), agent.Deps{Model: scripted{call, call, call, {Text: "enough"}}, Tools: []tool.Tool{flood}})
	streamtest.Start(t, a.Run)
	q := query("thread", "?!")
	deliver(t, a, q)
	got := r.answers(t, q)[0]
	require.True(t, got.GetSuccess(), got.GetError())
	require.Equal(t, "enough", got.GetText())
}
