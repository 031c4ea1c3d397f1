package message_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
)

// merge applies writes one after the other and returns the ids with the contents.
func merge(t *testing.T, writes ...string) []string {
	t.Helper()
	var out []string
	for _, m := range list(t, writes...) {
		out = append(out, m.ID+"="+m.Content.String())
	}
	return out
}

func list(t *testing.T, writes ...string) []message.Message {
	t.Helper()
	var state json.RawMessage
	for _, w := range writes {
		next, err := message.Merge(state, []json.RawMessage{json.RawMessage(w)})
		require.NoError(t, err)
		state = next
	}
	var out []message.Message
	require.NoError(t, json.Unmarshal(state, &out))
	return out
}

func TestMessagesAreAppended(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1=a", "2=b", "3=c"}, merge(t,
		`[{"type":"human","id":"1","content":"a"}]`, `{"type":"ai","id":"2","content":"b"}`, `[]`, `null`, `[{"type":"human","id":"3","content":"c"}]`))
}

func TestMessageTakesThePlaceOfTheOneWithItsID(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1=new", "2=b", "3=c"}, merge(t,
		`[{"type":"human","id":"1","content":"a"},{"type":"ai","id":"2","content":"b"}]`, `[{"type":"human","id":"1","content":"new"},{"type":"ai","id":"3","content":"c"}]`))
	require.Equal(t, []string{"1=last"}, merge(t, `[{"type":"human","id":"1","content":"a"},{"type":"human","id":"1","content":"last"}]`))
}

func TestMessagesAreRemoved(t *testing.T) {
	t.Parallel()
	two := `[{"type":"human","id":"1","content":"a"},{"type":"ai","id":"2","content":"b"}]`
	require.Equal(t, []string{"2=b"}, merge(t, two, `[{"type":"remove","id":"1"}]`))
	require.Equal(t, []string{"3=c"}, merge(t, two, `[{"type":"ai","id":"9","content":"x"},{"type":"remove","id":"__remove_all__"},{"type":"human","id":"3","content":"c"}]`))
	require.Empty(t, merge(t, two, `{"type":"remove","id":"__remove_all__"}`))
	require.Equal(t, []string{"1=again", "2=b"}, merge(t, two, `[{"type":"remove","id":"1"},{"type":"human","id":"1","content":"again"}]`))
	_, err := message.Merge(json.RawMessage(two), []json.RawMessage{json.RawMessage(`{"type":"remove","id":"7"}`)})
	require.ErrorIs(t, err, message.ErrUnknownID)
}

func TestIDThatIsMissingIsTheSameOnEveryReplay(t *testing.T) {
	t.Parallel()
	writes := []string{`"hi"`, `["hi","hi"]`, `{"role":"assistant","content":"hi"}`}
	first, again := list(t, writes...), list(t, writes...)
	require.Equal(t, first, again)
	seen := map[string]bool{}
	for _, m := range first {
		require.NotEmpty(t, m.ID)
		seen[m.ID] = true
	}
	require.Len(t, seen, 4)
}

func TestClientsFormsAreRead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]message.Message{
		`"hi"`:                           {Type: message.Human, Content: message.Text("hi")},
		`{"role":"user","content":"hi"}`: {Type: message.Human, Content: message.Text("hi")},
		`[["system","be brief"]]`:        {Type: message.System, Content: message.Text("be brief")},
		`{"type":"AIMessageChunk","content":"hi","id":"1"}`: {Type: message.AI, Content: message.Text("hi"), ID: "1"},
		`{"role":"tool","tool_call_id":"c","content":"7"}`:  {Type: message.Tool, Content: message.Text("7"), ToolCallID: "c", Status: message.Success},
		`{"type":"ai","content":"","tool_calls":[{"id":"c","name":"s","args":{"q":1},"type":"tool_call"}]}`: {
			Type: message.AI, ToolCalls: []message.ToolCall{{ID: "c", Name: "s", Args: json.RawMessage(`{"q":1}`)}},
		},
		`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"s","arguments":"{\"q\":1}"}}]}`: {
			Type: message.AI, ToolCalls: []message.ToolCall{{ID: "c", Name: "s", Args: json.RawMessage(`{"q":1}`)}},
		},
	} {
		got, err := message.Read(json.RawMessage(in))
		require.NoError(t, err, in)
		require.Equal(t, []message.Message{want}, got, in)
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`7`, `[7]`, `{"content":"x"}`, `{"type":"robot","content":"x"}`, `{"type":"human","content":7}`, `[["user"]]`, `[[1,"x"]]`,
		`{"type":"remove"}`, `{"type":"tool","content":"x"}`, `{"type":"ai","tool_calls":[7]}`, `{"type":"ai","tool_calls":7}`, `[{]`,
		`{"type":"ai","tool_calls":[{"id":"c","function":{"name":"s","arguments":"{"}}]}`,
	} {
		_, err := message.Merge(nil, []json.RawMessage{json.RawMessage(in)})
		require.ErrorIs(t, err, message.ErrInvalid, in)
	}
}

func TestMessageKeepsItsFormInJSON(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"type":"human","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}],"id":"1","additional_kwargs":{"k":1}}`,
		`{"type":"ai","content":"","id":"2","tool_calls":[{"id":"c","name":"s","args":{"q":1},"type":"tool_call"}],"invalid_tool_calls":[{"id":"d","name":"","args":"{","error":"no JSON","type":"invalid_tool_call"}]}`,
		`{"type":"tool","content":"7","id":"3","name":"s","tool_call_id":"c","status":"error","artifact":{"id":"1"}}`,
	} {
		state, err := message.Merge(nil, []json.RawMessage{json.RawMessage(in)})
		require.NoError(t, err)
		require.Equal(t, "["+in+"]", string(state))
	}
	require.Equal(t, "a\nb", list(t, `{"role":"user","content":[{"type":"text","text":"a"},"b",{"type":"image"}]}`)[0].Content.String())
}

func TestIDWithinAnArtifactIsNoMessage(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1=a]} \"id\":\"2\" \\", "2=b"}, merge(t,
		`{"type":"tool","id":"1","tool_call_id":"c","content":"a]} \"id\":\"2\" \\","artifact":{"id":"2","more":[{"id":"2"}]}}`, `{"type":"ai","id":"2","content":"b"}`))
}

func TestLastMessagesAreFoundWithoutTheRest(t *testing.T) {
	t.Parallel()
	k := message.NewKey("messages")
	state, err := message.Merge(nil, []json.RawMessage{json.RawMessage(`[
		{"role":"user","content":"one"},{"role":"assistant","content":"1"},{"role":"user","content":"two","id":"x"},{"role":"assistant","content":"2"}]`)})
	require.NoError(t, err)
	got, ok, err := k.Last(graph.State{"messages": state}, message.Human)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, got, 2)
	require.Equal(t, "x", got[0].ID)
	_, ok, err = k.Last(graph.State{"messages": state}, message.Tool)
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = k.Last(graph.State{}, message.Human)
	require.NoError(t, err)
	require.False(t, ok)
}

func FuzzMerge(f *testing.F) {
	f.Add(`[{"type":"human","id":"1","content":"a"}]`, `{"type":"remove","id":"1"}`)
	f.Add(`["\\\"",["user","]"]]`, `[{"role":"user","content":[{"type":"text","text":"}"}]}]`)
	f.Fuzz(func(t *testing.T, one, two string) {
		if !json.Valid([]byte(one)) || !json.Valid([]byte(two)) {
			t.Skip()
		}
		state, err := message.Merge(nil, []json.RawMessage{json.RawMessage(one)})
		if err != nil {
			t.Skip()
		}
		if state, err = message.Merge(state, []json.RawMessage{json.RawMessage(two)}); err != nil {
			t.Skip()
		}
		var messages []message.Message
		if err := json.Unmarshal(state, &messages); err != nil {
			t.Fatalf("%s and %s give %s: %v", one, two, state, err)
		}
		seen := map[string]bool{}
		for _, m := range messages {
			if m.ID == "" || seen[m.ID] {
				t.Fatalf("%s and %s give id %q twice or not at all", one, two, m.ID)
			}
			seen[m.ID] = true
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var state json.RawMessage
	for i := range 200 {
		w, err := json.Marshal(message.Message{Type: message.AI, ID: strings.Repeat("x", 30) + string(rune('0'+i%10)) + string(rune('a'+i/10)), Content: message.Text(strings.Repeat("word ", 200))})
		require.NoError(b, err)
		state, err = message.Merge(state, []json.RawMessage{w})
		require.NoError(b, err)
	}
	b.SetBytes(int64(len(state)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := message.Merge(state, []json.RawMessage{json.RawMessage(`[{"type":"tool","id":"new","tool_call_id":"c","content":"7"}]`)}); err != nil {
			b.Fatal(err)
		}
	}
}
