package message_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

// TestLangGraphMergesAlike gives the same writes to the real add_messages. Ids that were not given differ by intent.
func TestLangGraphMergesAlike(t *testing.T) {
	t.Parallel()
	python := langgraphtest.Python(t)
	two := `[{"type":"human","id":"1","content":"a"},{"type":"ai","id":"2","content":"b"}]`
	cases := map[string][]json.RawMessage{}
	for name, writes := range map[string][]string{
		"append":                     {two, `[{"type":"human","id":"3","content":"c"}]`},
		"one that is no list":        {two, `{"type":"human","id":"3","content":"c"}`},
		"nothing":                    {two, `[]`},
		"replace":                    {two, `[{"type":"human","id":"1","content":"new"}]`},
		"replace with another type":  {two, `[{"type":"ai","id":"1","content":"new"}]`},
		"replace and append":         {two, `[{"type":"ai","id":"3","content":"c"},{"type":"human","id":"1","content":"new"}]`},
		"the same id twice":          {`[{"type":"human","id":"1","content":"a"},{"type":"human","id":"1","content":"last"}]`},
		"the same new id twice":      {two, `[{"type":"ai","id":"3","content":"c"},{"type":"ai","id":"3","content":"d"}]`},
		"remove":                     {two, `[{"type":"remove","id":"1"}]`},
		"remove one that is no list": {two, `{"type":"remove","id":"2"}`},
		"remove what is not there":   {two, `[{"type":"remove","id":"7"}]`},
		"remove and add again":       {two, `[{"type":"remove","id":"1"},{"type":"human","id":"1","content":"again"}]`},
		"replace and remove":         {two, `[{"type":"human","id":"1","content":"new"},{"type":"remove","id":"1"}]`},
		"remove all":                 {two, `[{"type":"remove","id":"__remove_all__"}]`},
		"remove all and add":         {two, `[{"type":"ai","id":"9","content":"x"},{"type":"remove","id":"__remove_all__"},{"type":"human","id":"3","content":"c"}]`},
		"remove all of nothing":      {`[{"type":"remove","id":"__remove_all__"}]`},
		"text":                       {`"hi"`},
		"texts":                      {`["hi","there"]`},
		"role":                       {`{"role":"user","content":"hi"}`, `{"role":"assistant","content":"ho"}`, `{"role":"system","content":"be brief"}`},
		"pair":                       {`[["user","hi"],["ai","ho"]]`},
		"tool":                       {`[{"type":"tool","tool_call_id":"c","content":"7","id":"4"}]`},
		"blocks":                     {`[{"type":"human","id":"1","content":[{"type":"text","text":"a"}]}]`},
		"unknown role":               {`[{"role":"robot","content":"x"}]`},
		"no role":                    {`[{"content":"x"}]`},
	} {
		for _, w := range writes {
			cases[name] = append(cases[name], json.RawMessage(w))
		}
	}
	input, err := json.Marshal(cases)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python, "testdata/add_messages.py")
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	require.NoError(t, err)
	var theirs map[string]any
	require.NoError(t, json.Unmarshal(out, &theirs))
	for name, writes := range cases {
		require.Equal(t, theirs[name], ours(t, writes, theirs[name]), name)
	}
}

// ours is what Merge makes of the writes, in the script's form. A derived id takes the place of a random one.
func ours(t *testing.T, writes []json.RawMessage, theirs any) any {
	t.Helper()
	var state json.RawMessage
	var err error
	for _, w := range writes {
		if state, err = message.Merge(state, []json.RawMessage{w}); err != nil {
			return "error"
		}
	}
	var list []message.Message
	require.NoError(t, json.Unmarshal(state, &list))
	out := []any{}
	their, _ := theirs.([]any)
	for i, m := range list {
		var content any
		raw, err := json.Marshal(m.Content)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &content))
		id := any(m.ID)
		if len(m.ID) == 36 && i < len(their) {
			id = their[i].([]any)[2]
		}
		out = append(out, []any{string(m.Type), content, id})
	}
	return out
}
