package openai

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// renderNative turns a request into chat messages with tool calls. The prompt on tools joins the first system message.
func renderNative(prompt domain.Prompt, r llm.Request) []llms.MessageContent {
	var out []llms.MessageContent
	messages := r.Messages
	if len(r.Tools) > 0 {
		system := prompt.Text
		if len(messages) > 0 && messages[0].Role == llm.RoleSystem {
			system, messages = strings.TrimSpace(messages[0].Text)+"\n\n"+system, messages[1:]
		}
		out = append(out, llms.TextParts(llms.ChatMessageTypeSystem, system))
	}
	known := map[string]bool{}
	for _, m := range messages {
		switch m.Role {
		case llm.RoleSystem:
			out = append(out, llms.TextParts(llms.ChatMessageTypeSystem, m.Text))
		case llm.RoleUser:
			out = append(out, llms.TextParts(llms.ChatMessageTypeHuman, m.Text))
		case llm.RoleAssistant:
			out = append(out, assistant(m, known))
		case llm.RoleTool:
			out = append(out, toolMessage(m, known))
		}
	}
	return out
}

// assistant renders calls. One without a tool cannot be a call of the API; its answer then comes as a user's message.
func assistant(m llm.Message, known map[string]bool) llms.MessageContent {
	out := llms.MessageContent{Role: llms.ChatMessageTypeAI}
	calls := slices.ContainsFunc(m.Calls, func(c llm.Call) bool { return c.Tool != "" })
	if m.Text != "" || !calls {
		out.Parts = append(out.Parts, llms.TextContent{Text: m.Text})
	}
	for _, c := range m.Calls {
		if c.Tool == "" {
			continue
		}
		known[c.ID] = true
		arguments := string(c.Arguments)
		if c.Invalid != "" {
			arguments = "{}" // templates of local models read the arguments; the tool's answer says what was wrong
		}
		out.Parts = append(out.Parts, llms.ToolCall{
			ID: c.ID, Type: "function", FunctionCall: &llms.FunctionCall{Name: c.Tool, Arguments: arguments},
		})
	}
	return out
}

func toolMessage(m llm.Message, known map[string]bool) llms.MessageContent {
	if !known[m.CallID] {
		return llms.TextParts(llms.ChatMessageTypeHuman, m.Text)
	}
	return llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{
		llms.ToolCallResponse{ToolCallID: m.CallID, Name: m.Tool, Content: m.Text},
	}}
}

func functions(list []llm.Tool) []llms.Tool {
	out := make([]llms.Tool, len(list))
	for i, t := range list {
		out[i] = llms.Tool{Type: "function", Function: &llms.FunctionDefinition{
			Name: t.Name, Description: t.Description, Parameters: t.InputSchema,
		}}
	}
	return out
}

// response reads what a native completion has come to.
func (r *reply) response() llm.Response {
	think, text := unthought(r.text.String())
	out := llm.Response{Thought: strings.TrimSpace(r.reasoning.String() + think)}
	text = strings.TrimSpace(text)
	if len(r.calls) == 0 {
		out.Text = text
		if text == "" {
			out.Calls = []llm.Call{invalid("", "", "Your message is empty. Call a tool or write the answer.")}
		}
		return out
	}
	out.Thought = strings.TrimSpace(out.Thought + "\n" + text)
	for _, p := range r.calls {
		out.Calls = append(out.Calls, p.call(r.finish))
	}
	return out
}

func (p *pendingCall) call(finish string) llm.Call {
	arguments := strings.TrimSpace(p.arguments.String())
	if arguments == "" {
		arguments = "{}"
	}
	var object map[string]json.RawMessage
	err := json.Unmarshal([]byte(arguments), &object)
	c := llm.Call{Tool: p.name, Arguments: json.RawMessage(arguments)}
	switch {
	case p.name == "":
		c = invalid("", arguments, "Your call names no tool.")
	case err != nil && finish == finishLength:
		c = invalid(p.name, arguments, "The arguments of "+p.name+" were cut off: they are too long.")
	case err != nil:
		c = invalid(p.name, arguments, "The arguments of "+p.name+" are no JSON object: "+err.Error()+".")
	}
	c.ID = p.id
	return c
}
