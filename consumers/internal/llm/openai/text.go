package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// renderText turns a request into plain chat messages. The last question carries the protocol and the tools.
func renderText(react domain.Prompt, r llm.Request) []llms.MessageContent {
	last := -1
	for i, m := range r.Messages {
		if m.Role == llm.RoleUser {
			last = i
		}
	}
	var out []llms.MessageContent
	var observed []string
	flush := func() {
		if len(observed) > 0 {
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, strings.Join(observed, "\n")))
			observed = nil
		}
	}
	for i, m := range r.Messages {
		if m.Role == llm.RoleTool {
			observed = append(observed, observeMark+" "+m.Text)
			continue
		}
		flush()
		switch {
		case m.Role == llm.RoleSystem:
			out = append(out, llms.TextParts(llms.ChatMessageTypeSystem, m.Text))
		case m.Role == llm.RoleAssistant:
			out = append(out, llms.TextParts(llms.ChatMessageTypeAI, renderCalls(m)))
		case i == last:
			text := react.Render(map[string]string{"tools": describe(r.Tools), "question": m.Text})
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, text))
		default:
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, m.Text))
		}
	}
	flush()
	return out
}

// renderCalls writes an assistant's message as the model should have written it. Nonsense stays as it was.
func renderCalls(m llm.Message) string {
	if len(m.Calls) == 0 || m.Calls[0].Tool == "" {
		return m.Text
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", thoughtMark, m.Text)
	for _, c := range m.Calls {
		input := string(c.Arguments)
		var raw string
		if c.Invalid != "" && json.Unmarshal(c.Arguments, &raw) == nil {
			input = raw
		}
		fmt.Fprintf(&b, "\n%s %s\n%s %s", actionMark, c.Tool, inputMark, input)
	}
	return b.String()
}

func describe(tools []llm.Tool) string {
	var b strings.Builder
	for _, t := range tools {
		fmt.Fprintf(&b, "- %s: %s Input: %s\n", t.Name, t.Description, t.InputSchema)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
