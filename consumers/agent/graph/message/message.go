package message

import (
	"encoding/json"
	"errors"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

var (
	// ErrInvalid means that something is no message.
	ErrInvalid = errors.New("no message")
	// ErrUnknownID means that a message is to be removed that is not there.
	ErrUnknownID = errors.New("no message has this id")
)

// Type says who a message is from.
type Type string

// The types. Remove takes the message with its id away, or all before it when the id is RemoveAll.
const (
	Human  Type = "human"
	AI     Type = "ai"
	Tool   Type = "tool"
	System Type = "system"
	Remove Type = "remove"

	RemoveAll = "__remove_all__"
)

// Status of a tool's message.
type Status string

// The statuses.
const (
	Success Status = "success"
	Failure Status = "error"
)

// Message is one message. The order of its fields is the order in JSON.
type Message struct {
	Type    Type    `json:"type"`
	Content Content `json:"content"`
	ID      string  `json:"id,omitempty"`
	Name    string  `json:"name,omitempty"`
	// ToolCalls and InvalidToolCalls are those that an AI wants, and those that it could not put into words.
	ToolCalls        []ToolCall        `json:"tool_calls,omitempty"`
	InvalidToolCalls []InvalidToolCall `json:"invalid_tool_calls,omitempty"`
	// ToolCallID, Status and Artifact belong to a tool's message. The artifact is the result for programs; models do not see it.
	ToolCallID string          `json:"tool_call_id,omitempty"`
	Status     Status          `json:"status,omitempty"`
	Artifact   json.RawMessage `json:"artifact,omitempty"`
	// What clients add is kept.
	AdditionalKwargs json.RawMessage `json:"additional_kwargs,omitempty"`
	ResponseMetadata json.RawMessage `json:"response_metadata,omitempty"`
	UsageMetadata    json.RawMessage `json:"usage_metadata,omitempty"`
}

// ToolCall is a call that an AI wants to be made.
type ToolCall struct {
	ID   string          `json:"id"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

// MarshalJSON adds the type that clients expect.
func (c ToolCall) MarshalJSON() ([]byte, error) {
	type plain ToolCall
	if len(c.Args) == 0 {
		c.Args = json.RawMessage("{}")
	}
	return json.Marshal(struct {
		plain
		Type string `json:"type"`
	}{plain(c), "tool_call"})
}

// InvalidToolCall is a call that cannot be read, with the reason.
type InvalidToolCall struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Args  string `json:"args"`
	Error string `json:"error"`
}

// MarshalJSON adds the type that clients expect.
func (c InvalidToolCall) MarshalJSON() ([]byte, error) {
	type plain InvalidToolCall
	return json.Marshal(struct {
		plain
		Type string `json:"type"`
	}{plain(c), "invalid_tool_call"})
}

// Key is a key of the state that holds messages.
type Key struct{ graph.Merged[[]Message] }

// NewKey returns the key of a name, which is "messages" as a rule.
func NewKey(name string) Key { return Key{graph.Merged[[]Message]{Key: name, Merge: Merge}} }

// Add returns a write that adds messages, replaces those of their ids, or removes.
func (k Key) Add(messages ...Message) (checkpoint.Write, error) { return k.Update(messages) }

// Mentions says whether an id may be in use, by a message or by a call. It decodes nothing.
func (k Key) Mentions(s graph.State, id string) bool { return mentions(s[k.Key], id) }

// Last returns the messages from the last one of a type on, and whether there is one. It decodes nothing before it.
func (k Key) Last(s graph.State, of Type) ([]Message, bool, error) {
	items, err := split(s[k.Key])
	if err != nil {
		return nil, false, err
	}
	for i := len(items) - 1; i >= 0; i-- {
		if t, err := typeOf(items[i]); err != nil {
			return nil, false, err
		} else if t != of {
			continue
		}
		out := make([]Message, len(items)-i)
		for n, raw := range items[i:] {
			if err := json.Unmarshal(raw, &out[n]); err != nil {
				return nil, false, err
			}
		}
		return out, true, nil
	}
	return nil, false, nil
}
