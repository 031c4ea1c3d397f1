package openai_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/openai"
)

func native(c *openai.Config) { c.Mode = openai.Native }

func TestConversationIsSentWithToolCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, stream("Seven."))
	r := request()
	r.Messages = append(r.Messages,
		llm.Message{Role: llm.RoleAssistant, Calls: []llm.Call{
			{ID: "c2", Tool: "search", Arguments: json.RawMessage(`"{oops"`), Invalid: "no JSON"}, {ID: "c3", Tool: "search", Arguments: json.RawMessage(`{}`)},
		}},
		llm.Message{Role: llm.RoleTool, CallID: "c2", Tool: "search", Text: "no JSON"},
		llm.Message{Role: llm.RoleTool, CallID: "c3", Tool: "search", Text: "8"},
		llm.Message{Role: llm.RoleAssistant, Text: "hm", Calls: []llm.Call{{ID: "c4", Invalid: "empty"}}},
		llm.Message{Role: llm.RoleTool, CallID: "c4", Text: "Your message is empty."})
	out, err := model(t, s, native).Generate(t.Context(), r, nil)
	require.NoError(t, err)
	require.Equal(t, "Seven.", out.Text)
	require.Equal(t, llm.Prompt{Name: "tools", Version: "1"}, out.Prompt)
	got := s.seen()[0]
	require.Empty(t, got.Stop)
	require.Len(t, got.Tools, 1)
	require.Equal(t, "search", got.Tools[0].Function.Name)
	require.Equal(t, "object", got.Tools[0].Function.Parameters["type"])
	var roles []string
	for _, m := range got.Messages {
		roles = append(roles, m.Role)
	}
	require.Equal(t, []string{"system", "user", "assistant", "user", "assistant", "tool", "assistant", "tool", "tool", "assistant", "user"}, roles)
	require.Contains(t, got.Messages[0].Content, "be brief\n\nUse the tools")
	require.Equal(t, "c1", got.Messages[4].ToolCalls[0].ID)
	require.JSONEq(t, `{"q":"x"}`, got.Messages[4].ToolCalls[0].Function.Arguments)
	require.Equal(t, "c1", got.Messages[5].ToolCallID)
	require.Equal(t, "{}", got.Messages[6].ToolCalls[0].Function.Arguments, "templates must be able to read it")
	require.Equal(t, "Your message is empty.", got.Messages[10].Content)
}

func TestParallelToolCallsAreReadFromAStream(t *testing.T) {
	t.Parallel()
	s := serve(t, events(
		`{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"search","arguments":""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"look","arguments":"{\"k\""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":":2}"}},{"index":0,"function":{"arguments":"1}"}}]}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`,
		`{"choices":[{"delta":{"content":""}}],"usage":{"prompt_tokens":7,"completion_tokens":3}}`))
	out, err := model(t, s, native).Generate(t.Context(), request(), func(p string) { t.Errorf("streamed %q", p) })
	require.NoError(t, err)
	require.Equal(t, []llm.Call{
		{ID: "a", Tool: "search", Arguments: json.RawMessage(`{"q":1}`)}, {ID: "b", Tool: "look", Arguments: json.RawMessage(`{"k":2}`)},
	}, out.Calls)
	require.Equal(t, "tool_calls", out.FinishReason)
	require.EqualValues(t, 7, out.Usage.InputTokens)
	require.False(t, out.FirstToken.IsZero())
}

func TestWhatComesBeforeACallIsAThoughtAndNotStreamed(t *testing.T) {
	t.Parallel()
	s := serve(t, events(
		`{"choices":[{"delta":{"content":"Let me"}}]}`, `{"choices":[{"delta":{"content":" look that up. "}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"search","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`))
	out, err := model(t, s, native).Generate(t.Context(), request(), func(p string) { t.Errorf("streamed %q", p) })
	require.NoError(t, err)
	require.Equal(t, "Let me look that up.", out.Thought)
	require.Empty(t, out.Text)
	require.Len(t, out.Calls, 1)
}

func TestNativeAnswerIsStreamedWholeHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"Seven.", strings.Repeat("Seven rings,\n\nstaggered. ", 20)} {
		for _, before := range []string{"", "<think>hm, " + strings.Repeat("hm, ", 50) + "</think>\n\n", " \n"} {
			text := before + answer + "\n"
			for _, size := range []int{1, 2, 7, 1000} {
				var pieces []string
				for at := 0; at < len(text); at += size {
					pieces = append(pieces, text[at:min(at+size, len(text))])
				}
				streamed, calls := "", 0
				out, err := model(t, serve(t, stream(pieces...)), native).Generate(t.Context(), request(), func(p string) { streamed += p; calls++ })
				require.NoError(t, err)
				require.Equal(t, strings.TrimSpace(answer), out.Text)
				require.Equal(t, out.Text, streamed, "pieces of %d", size)
				require.True(t, len(answer) < 200 || size == 1000 || calls > 5, "a long answer is streamed: %d", calls)
			}
		}
	}
}

func TestToolCallsOfPeculiarServersAreRead(t *testing.T) {
	t.Parallel()
	want := []llm.Call{{ID: "a", Tool: "search", Arguments: json.RawMessage(`{"q":1}`)}, {ID: "b", Tool: "search", Arguments: json.RawMessage(`{"q":2}`)}}
	for name, chunks := range map[string][]string{
		"all at index 0": {
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"search","arguments":"{\"q\":1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"search","arguments":"{\"q\":2}"}}]},"finish_reason":"tool_calls"}]}`,
		},
		"without index": {
			`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"search","arguments":"{\"q\":"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"search","arguments":"{\"q\":2}"}}]},"finish_reason":"stop"}]}`,
		},
		"arguments as objects": {
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"search","arguments":{"q":1}}},{"index":1,"id":"b","function":{"name":"search","arguments":{"q":2}}}]},"finish_reason":"stop"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := model(t, serve(t, events(chunks...)), native).Generate(t.Context(), request(), nil)
			require.NoError(t, err)
			require.Equal(t, want, out.Calls)
		})
	}
}

func TestCompletionThatIsNotStreamedIsRead(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte(`{"choices":[{"message":{"role":"assistant","content":"Seven.","reasoning_content":"hm"},"finish_reason":"stop"}]}`))
	})
	streamed := ""
	out, err := model(t, s, native).Generate(t.Context(), request(), func(p string) { streamed += p })
	require.NoError(t, err)
	require.Equal(t, "Seven.", out.Text)
	require.Equal(t, "Seven.", streamed)
	require.Equal(t, "hm", out.Thought)
}

func TestNonsenseInToolCallsSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ chunk, wrong string }{
		"arguments that are no JSON":   {`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"search","arguments":"{\"q\":"}}]},"finish_reason":"stop"}]}`, "no JSON object"},
		"arguments that are no object": {`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"search","arguments":"\"[1]\""}}]},"finish_reason":"stop"}]}`, "no JSON object"},
		"arguments that were cut":      {`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"search","arguments":"{\"q\":"}}]},"finish_reason":"length"}]}`, "cut off"},
		"no name":                      {`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"arguments":"{}"}}]},"finish_reason":"stop"}]}`, "names no tool"},
		"nothing":                      {`{"choices":[{"delta":{"content":"\n"},"finish_reason":"stop"}]}`, "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := model(t, serve(t, events(c.chunk)), native).Generate(t.Context(), request(), nil)
			require.NoError(t, err)
			require.Len(t, out.Calls, 1)
			require.Contains(t, out.Calls[0].Invalid, c.wrong)
			require.True(t, json.Valid(out.Calls[0].Arguments) || len(out.Calls[0].Arguments) == 0)
		})
	}
}

func TestServerThatKnowsNoToolsIsAskedInText(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"ollama":    `{"error":{"message":"registry.ollama.ai/library/some:latest does not support tools","type":"api_error"}}`,
		"vllm":      `{"object":"error","message":"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","code":400}`,
		"llama.cpp": `{"error":{"code":500,"message":"tools param requires --jinja flag","type":"server_error"}}`,
		"text":      `{"error":"this model does not support tools"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, refuse(http.StatusBadRequest, body), stream("Action: search\nAction Input: {}"))
			m := model(t, s, func(c *openai.Config) { c.Mode = openai.Auto })
			for range 2 {
				out, err := m.Generate(t.Context(), request(), nil)
				require.NoError(t, err)
				require.Equal(t, "search", out.Calls[0].Tool)
				require.Equal(t, "react", out.Prompt.Name)
			}
			require.Len(t, s.seen(), 3, "it is asked with tools once")
			require.NotEmpty(t, s.seen()[0].Tools)
			require.Empty(t, s.seen()[2].Tools)
		})
	}
	s := serve(t, refuse(http.StatusBadRequest, `{"error":"this model does not support tools"}`))
	_, err := model(t, s, native).Generate(t.Context(), request(), nil)
	require.ErrorContains(t, err, "does not support tools")
}

func TestModelWithoutToolsIsKnownByItsName(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]bool{
		"gemma2:9b": true, "google/gemma-2-9b-it": true, "llama3": true, "llama3:8b": true, "meta-llama/Meta-Llama-3-8B-Instruct": true,
		"llama3.1:8b": false, "meta-llama/Llama-3.1-8B": false, "gpt-5-mini": false, "qwen3:8b": false, "deepseek-r1:7b": true, "mine": false,
	} {
		s := serve(t, stream("Final Answer: x"))
		_, err := model(t, s, func(c *openai.Config) { c.Mode, c.Model = openai.Auto, name }).Generate(t.Context(), request(), nil)
		require.NoError(t, err)
		require.Equal(t, text, len(s.seen()[0].Tools) == 0, name)
	}
}

func TestErrorWithinAStreamIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, events(`{"error":{"message":"overloaded"}}`), events(`no JSON`), stream("Seven."))
	out, err := model(t, s, native).Generate(t.Context(), request(), nil)
	require.NoError(t, err)
	require.Equal(t, "Seven.", out.Text)
	require.Len(t, s.seen(), 3)
}

func TestBuiltinPromptsAreVersioned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{openai.ReActPrompt, openai.ToolsPrompt} {
		p, err := openai.BuiltinPrompt(name)
		require.NoError(t, err)
		require.Equal(t, name, p.Name)
		require.NotEmpty(t, p.Version)
	}
}
