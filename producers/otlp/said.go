package otlp

import (
	"encoding/json"
	"slices"
	"strings"
)

// speaker is one side of a conversation: its names among roles, and the fields that hold what it said where a
// framework records the arguments and the result of a function instead of messages.
type speaker struct{ roles, fields []string }

func asker() speaker {
	return speaker{
		roles:  []string{"user", "human"},
		fields: []string{"question", "query", "user_input", "input", "prompt", "message", "text", "content", "messages", "inputs", "kwargs", "args"},
	}
}

func answerer() speaker {
	return speaker{
		roles:  []string{"assistant", "ai", "model"},
		fields: []string{"answer", "output", "response", "result", "generated_text", "text", "content", "message", "messages", "outputs", "choices"},
	}
}

// maxNesting bounds how deep what was said is looked for.
const maxNesting = 8

// said finds the words of a speaker in an input or an output: a text as it is; the speaker's last message; or the value
// of a field with a telling name. Empty where it finds none: JSON is no question.
func said(text string, by speaker) string {
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsRune(`{["`, rune(text[0])) {
		return text
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return strings.TrimSpace(by.find(value, maxNesting))
}

func (by speaker) find(value any, depth int) string {
	if depth == 0 {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case []any:
		return by.lastOf(v, depth)
	case map[string]any:
		if role, ok := v["role"].(string); ok {
			if !slices.Contains(by.roles, strings.ToLower(role)) {
				return ""
			}
			return spoken(v)
		}
		for _, name := range by.fields {
			if found := by.find(v[name], depth-1); found != "" {
				return found
			}
		}
	}
	return ""
}

// lastOf looks through a list from its end. A list of several texts says nothing of who said which.
func (by speaker) lastOf(list []any, depth int) string {
	for _, item := range slices.Backward(list) {
		if _, text := item.(string); text && len(list) > 1 {
			continue
		}
		if found := by.find(item, depth-1); found != "" {
			return found
		}
	}
	return ""
}

// spoken is the text of a message: its content, or the texts among its parts.
func spoken(message map[string]any) string {
	for _, name := range []string{"content", "contents", "parts"} {
		if text, ok := message[name].(string); ok && text != "" {
			return text
		}
		parts, _ := message[name].([]any)
		var texts []string
		for _, p := range parts {
			part, _ := p.(map[string]any)
			if kind := field(part, "type"); kind != "" && kind != "text" && kind != "output_text" && kind != "input_text" {
				continue // reasoning, tool calls, pictures
			}
			if text := field(part, "text", "content"); text != "" {
				texts = append(texts, text)
			}
		}
		if texts != nil {
			return strings.Join(texts, "\n")
		}
	}
	return ""
}
