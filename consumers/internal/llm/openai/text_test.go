package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/openai"
)

// complete returns what a completion is read as, and what of it was streamed.
func complete(t *testing.T, text string) (out llm.Response, streamed string) {
	t.Helper()
	out, err := model(t, serve(t, stream(text))).Generate(t.Context(), request(), func(p string) { streamed += p })
	require.NoError(t, err)
	return out, streamed
}

func TestCompletionsAreReadAsCallsOrAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, tool, arguments, answer string }{
		"call":                          {"Thought: t\nAction: search\nAction Input: {\"q\": 1}", "search", `{"q": 1}`, ""},
		"call with fences and ticks":    {"Action: `search`\nAction Input: ```json\n{\"q\":1}\n```", "search", `{"q":1}`, ""},
		"call over several lines":       {"Action: search\nAction Input: {\n\"q\": 1\n}\n\nThanks", "search", "{\n\"q\": 1\n}", ""},
		"call with a JSON string":       {"Action: search\nAction Input: \"valves\"", "search", `"valves"`, ""},
		"call without input":            {"Action: search", "search", `{}`, ""},
		"call in bold":                  {"**Thought:** t\n**Action:** search\n**Action Input:** {\"q\":1}", "search", `{"q":1}`, ""},
		"call in lower case":            {"thought: t\naction: search\naction input: {\"q\":1}", "search", `{"q":1}`, ""},
		"call after thinking":           {"<think>Final Answer: no\n</think>\nAction: search\nAction Input: {}", "search", `{}`, ""},
		"invented observation":          {"Action: search\nAction Input: {}\nObservation: 7\nFinal Answer: 7", "search", `{}`, ""},
		"call before an answer":         {"Action: search\nAction Input: {}\nFinal Answer: 7", "search", `{}`, ""},
		"answer":                        {"Thought: t\nFinal Answer: one\n\ntwo ", "", "", "one\n\ntwo"},
		"answer in bold":                {"**Final Answer:** seven", "", "", "seven"},
		"answer under a heading":        {"### Final Answer:\nseven", "", "", "seven"},
		"answer after thinking":         {"<think>Action: x\n</think>Final Answer: seven", "", "", "seven"},
		"answer that mentions a mark":   {"Final Answer: write Action: x", "", "", "write Action: x"},
		"answer that is an action":      {"Action: Final Answer\nAction Input: seven", "", "", "seven"},
		"answer without a mark":         {"Just seven.", "", "", "Just seven."},
		"answer in fences":              {"```\nseven\n```", "", "", "```\nseven\n```"},
		"thought that is all there is":  {"Thought: it is seven", "", "", "it is seven"},
		"answer that begins like a tag": {"<thin> air", "", "", "<thin> air"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, streamed := complete(t, c.text)
			require.Equal(t, c.answer, out.Text)
			require.Equal(t, c.answer, streamed)
			if c.tool == "" {
				require.Empty(t, out.Calls)
				return
			}
			require.Len(t, out.Calls, 1)
			require.Empty(t, out.Calls[0].Invalid)
			require.Equal(t, c.tool, out.Calls[0].Tool)
			require.Equal(t, c.arguments, string(out.Calls[0].Arguments))
		})
	}
}

func TestNonsenseBecomesACallThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, wrong string }{
		"nothing":             {" \n ", "it is empty"},
		"an empty answer":     {"Final Answer:", "it is empty"},
		"only thinking":       {"<think>hm, hm", "it is empty"},
		"input without tool":  {"Action Input: {\"q\":1}", "names no tool"},
		"no name":             {"Action:\nAction Input: {\"q\":1}", "names no tool"},
		"no action":           {"Action: None\nAction Input: None", "names no tool"},
		"input that is prose": {"Action: search\nAction Input: valves", "no JSON"},
		"JSON that is cut":    {"Action: search\nAction Input: {\"q\": \"val", "no JSON"},
		"single quotes":       {"Action: search\nAction Input: {'q': 1}", "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, streamed := complete(t, c.text)
			require.Empty(t, out.Text)
			require.Empty(t, streamed)
			require.Len(t, out.Calls, 1)
			require.Contains(t, out.Calls[0].Invalid, c.wrong)
		})
	}
}

func TestSeveralActionsAreSeveralCalls(t *testing.T) {
	t.Parallel()
	out, _ := complete(t, "Thought: both\nAction: search\nAction Input: {\"q\":1}\nThought: and\nAction: search\nAction Input: {\"q\":2}\nFinal Answer: 3")
	require.Equal(t, "both", out.Thought)
	require.Len(t, out.Calls, 2)
	require.Equal(t, `{"q":2}`, string(out.Calls[1].Arguments))
	out, _ = complete(t, strings.Repeat("Action: search\nAction Input: {}\n", 1000))
	require.Len(t, out.Calls, 8)
}

func TestThoughtThatNeverEndsIsCut(t *testing.T) {
	t.Parallel()
	pieces := make([]string, 3000)
	for i := range pieces {
		pieces[i] = strings.Repeat("and then ", 15) + "\n"
	}
	s := serve(t, stream(append([]string{"Thought: "}, pieces...)...))
	out, err := model(t, s).Generate(t.Context(), request(), nil)
	require.NoError(t, err)
	require.Equal(t, "length", out.FinishReason)
	require.Len(t, out.Calls, 1)
	require.Contains(t, out.Calls[0].Invalid, "cut off")
	require.LessOrEqual(t, len(out.Thought), 2048)
}

func TestNonsenseIsShownToTheModelAsItWasWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := serve(t, stream("Final Answer: x"))
	_, err := model(t, s).Generate(t.Context(), llm.Request{Messages: []llm.Message{
		{Role: llm.RoleUser, Text: "how many?"},
		{Role: llm.RoleAssistant, Text: "Action Input: 7", Calls: []llm.Call{{ID: "a", Arguments: []byte(`""`), Invalid: "no"}}},
		{Role: llm.RoleTool, CallID: "a", Text: "no tool"},
		{Role: llm.RoleAssistant, Text: "t", Calls: []llm.Call{{ID: "b", Tool: "search", Arguments: []byte(`"{'q'"`), Invalid: "no"}, {ID: "c", Tool: "search", Arguments: []byte(`{}`)}}},
		{Role: llm.RoleTool, CallID: "b", Text: "no JSON"},
		{Role: llm.RoleTool, CallID: "c", Text: "7"},
	}}, nil)
	require.NoError(t, err)
	var texts []string
	for _, m := range s.seen()[0].Messages[1:] {
		texts = append(texts, m.Content.(string))
	}
	require.Equal(t, []string{
		"Action Input: 7", "Observation: no tool",
		"Thought: t\nAction: search\nAction Input: {'q'\nAction: search\nAction Input: {}", "Observation: no JSON\nObservation: 7",
	}, texts)
}

func FuzzTextProtocol(f *testing.F) {
	for _, s := range []string{"Action: x\nAction Input: {", "Final Answer: **", "<think>", "Thought:\nAction:\nAction:\n"} {
		f.Add(s, "stop")
	}
	f.Fuzz(func(t *testing.T, text, finish string) {
		out := openai.Parse(text, finish)
		if (out.Text == "") == (len(out.Calls) == 0) {
			t.Fatalf("%q is neither answer nor call: %+v", text, out)
		}
	})
}
