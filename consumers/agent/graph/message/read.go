package message

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Read takes messages in the forms that LangGraph's clients send: a list or a single one, each as an object with a type or
// a role, as a text (which a human has said), or as a pair of role and content.
func Read(raw json.RawMessage) ([]Message, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '[' {
		m, err := read(raw)
		return []Message{m}, err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	out := make([]Message, len(items))
	for i, item := range items {
		var err error
		if out[i], err = read(item); err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
	}
	return out, nil
}

func read(raw json.RawMessage) (Message, error) {
	switch raw[0] {
	case '"':
		m := Message{Type: Human}
		return m, m.Content.UnmarshalJSON(raw)
	case '[':
		return pair(raw)
	case '{':
		return object(raw)
	}
	return Message{}, fmt.Errorf("%w: %.40q is neither an object, a text, nor a pair of role and content", ErrInvalid, raw)
}

func pair(raw json.RawMessage) (Message, error) {
	var role string
	parts := [2]json.RawMessage{}
	if err := json.Unmarshal(raw, &parts); err != nil || json.Unmarshal(parts[0], &role) != nil || parts[1] == nil {
		return Message{}, fmt.Errorf("%w: %.40q is no pair of role and content", ErrInvalid, raw)
	}
	m := Message{}
	var err error
	if m.Type, err = typed(role); err != nil {
		return m, err
	}
	return m, m.Content.UnmarshalJSON(parts[1])
}

// object reads LangChain's form and OpenAI's.
func object(raw json.RawMessage) (Message, error) {
	var in struct {
		Message
		Role      string            `json:"role"`
		ToolCalls []json.RawMessage `json:"tool_calls"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	m := in.Message
	name := string(m.Type)
	if name == "" {
		name = in.Role
	}
	var err error
	if m.Type, err = typed(name); err != nil {
		return m, err
	}
	for _, call := range in.ToolCalls {
		c, err := toolCall(call)
		if err != nil {
			return m, err
		}
		m.ToolCalls = append(m.ToolCalls, c)
	}
	switch {
	case m.Type == Remove && m.ID == "":
		return m, fmt.Errorf("%w: one of type remove needs an id", ErrInvalid)
	case m.Type == Tool && m.ToolCallID == "":
		return m, fmt.Errorf("%w: one of type tool needs a tool_call_id", ErrInvalid)
	case m.Type == Tool && m.Status == "":
		m.Status = Success
	}
	return m, nil
}

func typed(name string) (Type, error) {
	switch name {
	case "human", "user", "HumanMessageChunk":
		return Human, nil
	case "ai", "assistant", "AIMessageChunk":
		return AI, nil
	case "system", "developer":
		return System, nil
	case "tool":
		return Tool, nil
	case "remove":
		return Remove, nil
	}
	return "", fmt.Errorf("%w: type or role %q is not one of human, user, ai, assistant, system, tool, remove", ErrInvalid, name)
}

func toolCall(raw json.RawMessage) (ToolCall, error) {
	var in struct {
		ToolCall
		Function *struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return ToolCall{}, fmt.Errorf("%w: reading a tool call: %w", ErrInvalid, err)
	}
	c := in.ToolCall
	if in.Function != nil {
		c.Name, c.Args = in.Function.Name, json.RawMessage(in.Function.Arguments)
		if !json.Valid(c.Args) {
			return c, fmt.Errorf("%w: the arguments of tool call %s are no JSON", ErrInvalid, c.ID)
		}
	}
	return c, nil
}
