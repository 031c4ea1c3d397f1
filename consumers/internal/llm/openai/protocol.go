package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	thoughtMark = "Thought:"
	actionMark  = "Action:"
	inputMark   = "Action Input:"
	observeMark = "Observation:"
	finalMark   = "Final Answer:"
)

// render turns a request into plain chat messages. The last question carries the protocol and the tools.
func render(react domain.Prompt, r llm.Request) []llms.MessageContent {
	last := -1
	for i, m := range r.Messages {
		if m.Role == llm.RoleUser {
			last = i
		}
	}
	var out []llms.MessageContent
	for i, m := range r.Messages {
		switch {
		case m.Role == llm.RoleSystem:
			out = append(out, llms.TextParts(llms.ChatMessageTypeSystem, m.Text))
		case m.Role == llm.RoleTool:
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, observeMark+" "+m.Text))
		case m.Role == llm.RoleAssistant && m.Call != nil:
			text := fmt.Sprintf("%s %s\n%s %s\n%s %s", thoughtMark, m.Thought, actionMark, m.Call.Tool, inputMark, m.Call.Arguments)
			out = append(out, llms.TextParts(llms.ChatMessageTypeAI, text))
		case m.Role == llm.RoleAssistant:
			out = append(out, llms.TextParts(llms.ChatMessageTypeAI, m.Text))
		case i == last:
			text := react.Render(map[string]string{"tools": describe(r.Tools), "question": m.Text})
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, text))
		default:
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, m.Text))
		}
	}
	return out
}

func describe(tools []llm.Tool) string {
	var b strings.Builder
	for _, t := range tools {
		fmt.Fprintf(&b, "- %s: %s Input: %s\n", t.Name, t.Description, t.InputSchema)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// parse reads a completion. What follows an invented observation is cut off; text without any mark is a final answer.
func parse(text string) llm.Response {
	if i := strings.Index(text, observeMark); i >= 0 {
		text = text[:i]
	}
	// A mark counts where it begins a line. Whichever comes first decides: models like to go on after their action.
	action, final := lineIndex(text, actionMark), lineIndex(text, finalMark)
	if action >= 0 && (final < 0 || action < final) {
		if final >= 0 {
			text = text[:final]
		}
		return llm.Response{Thought: thought(text[:action]), Call: call(text[action:])}
	}
	if final >= 0 {
		return llm.Response{Thought: thought(text[:final]), Text: strings.TrimSpace(text[final+len(finalMark):])}
	}
	return llm.Response{Text: strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), thoughtMark))}
}

func thought(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), thoughtMark))
}

// call reads "Action: name\nAction Input: {...}". Input that is no JSON is passed as a JSON string: the tool's schema
// check then tells the model what is wrong.
func call(text string) *llm.Call {
	name, rest, _ := strings.Cut(strings.TrimPrefix(text, actionMark), "\n")
	input := ""
	if i := lineIndex(rest, inputMark); i >= 0 {
		input = strings.TrimSpace(rest[i+len(inputMark):])
	}
	input = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(input, "```json"), "```"), "```"))
	c := &llm.Call{Tool: strings.Trim(strings.TrimSpace(name), "`*\"[]")}
	var value json.RawMessage
	if json.NewDecoder(strings.NewReader(input)).Decode(&value) == nil {
		c.Arguments = value
	} else {
		c.Arguments, _ = json.Marshal(input) //nolint:errchkjson // a string always has a JSON form
	}
	return c
}

// lineIndex finds a mark at the beginning of a line.
func lineIndex(text, mark string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], mark)
		if i < 0 {
			return -1
		}
		i += from
		if strings.TrimSpace(text[strings.LastIndexByte(text[:i], '\n')+1:i]) == "" {
			return i
		}
		from = i + len(mark)
	}
}
