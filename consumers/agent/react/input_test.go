package react_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/internal/llm"
)

func TestInputOfAClientIsAQuestionWithItsMessages(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"messages":[{"type":"human","content":"hi"}]}`:                                                   "hi",
		`{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"1"},["user","two"]]}`: "two",
		`{"messages":"hi","other":7}`:                                                                      "hi",
		`{"question":"hi"}`:                                                                                "hi",
		`{"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url"}],"id":"7"}]}`: "hi",
	} {
		question, writes, err := react.ReadInput(json.RawMessage(in))
		require.NoError(t, err, in)
		require.Equal(t, want, question)
		require.Len(t, writes, 1)
	}
	for _, in := range []string{`7`, `{}`, `{"messages":[]}`, `{"messages":7}`, `{"messages":[{"role":"robot","content":"x"}]}`, `{"messages":[{"role":"assistant","content":"x"}]}`, `{"messages":[{"role":"user","content":""}]}`} {
		_, _, err := react.ReadInput(json.RawMessage(in))
		require.ErrorIs(t, err, graph.ErrState, in)
	}
}

func TestRunOfAClientsMessagesIsShownToTheModelAsItIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{{Text: "seven"}}}
	b.deps.Model = m
	_, err := b.store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "r", ThreadID: "t"}})
	require.NoError(t, err)
	writes, err := react.Input(react.Run{QueryID: "q", ThreadID: "t"}, "")
	require.NoError(t, err)
	_, more, err := react.ReadInput(json.RawMessage(`{"messages":[
		{"role":"user","content":"one"},
		{"type":"ai","content":"","tool_calls":[{"id":"x","name":"s","args":{}}]},
		{"type":"ai","content":"1"},
		{"role":"user","content":"two","id":"mine"}]}`))
	require.NoError(t, err)
	out, err := b.engine(t).Run(t.Context(), graph.Request{ThreadID: "t", RunID: "r", Input: append(writes, more...)})
	require.NoError(t, err)
	require.Equal(t, []llm.Message{
		{Role: llm.RoleSystem}, {Role: llm.RoleUser, Text: "one"}, {Role: llm.RoleAssistant, Text: "1"}, {Role: llm.RoleUser, Text: "two"},
	}, m.requests[0].Messages)
	list := messages(t, out.State)
	require.Equal(t, "mine", list[3].ID)
	require.Equal(t, message.AI, list[4].Type)
	require.Equal(t, react.AnswerID("r"), list[4].ID)
	r, err := react.ReadResult(out.State)
	require.NoError(t, err)
	require.Equal(t, "two", r.Question)
}

func TestConversationWithACallThatWasNeverAnsweredGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := &script{responses: []llm.Response{{Text: "seven"}}}
	b.deps.Model = m
	e := b.engine(t)
	req := b.request(t, "r", "?", 10)
	_, err := e.Run(t.Context(), req)
	require.NoError(t, err)
	w, err := message.NewKey("messages").Add(message.Message{Type: message.AI, ID: "x", ToolCalls: []message.ToolCall{{ID: "lost", Name: "s"}}})
	require.NoError(t, err)
	_, err = e.Update(t.Context(), graph.Edit{ThreadID: "r", Updates: []graph.NodeUpdate{{Writes: []checkpoint.Write{w}, AsNode: react.NodeObserve}}})
	require.NoError(t, err)
	_, err = b.store.Accept(t.Context(), checkpoint.Acceptance{Run: checkpoint.Run{ID: "s", ThreadID: "r"}})
	require.NoError(t, err)
	_, err = e.Run(t.Context(), graph.Request{ThreadID: "r", RunID: "s", Continue: true})
	require.NoError(t, err)
	last := m.requests[1].Messages
	require.Equal(t, llm.Message{Role: llm.RoleTool, CallID: "lost", Tool: "s", Text: "This call was not made."}, last[len(last)-1])
}

func TestPromptsVersionIsPartOfTheResult(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.deps.System.Version = "4"
	b.deps.Model = &script{responses: []llm.Response{{Text: "seven", Prompt: llm.Prompt{Name: "tools", Version: "2"}}}}
	require.Equal(t, llm.Prompt{Name: "tools", Version: "tools-2.system-4"}, b.ask(t, "one").Prompt)
	b.deps.Model = &script{responses: []llm.Response{{Text: "seven"}}}
	require.Equal(t, llm.Prompt{Name: "system", Version: "system-4"}, b.ask(t, "two").Prompt)
}
