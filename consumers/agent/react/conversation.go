package react

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/schemas/event"
)

// historyMessages is how many messages of earlier runs of the thread the model is shown.
const historyMessages = 10

// notMade answers a call of which nothing is known: models and their servers insist on an answer to each call.
const notMade = "This call was not made."

// Call is a tool call that was decided on.
type Call struct {
	// ID is the one in the message: the provider's where it gives one.
	ID string
	// Key is the receipt's id: no other call has it, and the same call has it again after a crash.
	Key       string
	Tool      string
	Arguments json.RawMessage
	// Invalid says what is wrong with a call that cannot be made. Its arguments are what was written, as a JSON string.
	Invalid string
}

// ReceiptID is the id of a call's receipt.
func ReceiptID(runID, callID string) string { return event.DeriveID(runID, "call "+callID, 0) }

// conversation is the current run's part of the messages: the question, and what came after it.
type conversation struct {
	messages []message.Message
	answered map[string]int // index of the tool's message by call id
}

func converse(s graph.State) (conversation, error) {
	list, _, err := keyMessages.Last(s, message.Human)
	if err != nil {
		return conversation{}, err
	}
	return newConversation(list), nil
}

// latest is the newest part of the conversation: the last message of the model's, and what came after it. It says the same
// about calls that wait, and costs no look at the rest.
func latest(s graph.State) (conversation, error) {
	list, _, err := keyMessages.Last(s, message.AI)
	if err != nil {
		return conversation{}, err
	}
	return newConversation(list), nil
}

func newConversation(list []message.Message) conversation {
	c := conversation{messages: list, answered: map[string]int{}}
	for i, m := range list {
		if m.Type == message.Tool {
			c.answered[m.ToolCallID] = i
		}
	}
	return c
}

func (c conversation) question() string {
	if len(c.messages) == 0 {
		return ""
	}
	return c.messages[0].Content.String()
}

// lastText is what an AI said last, if that is the last message.
func (c conversation) lastText() string {
	if n := len(c.messages); n > 0 && c.messages[n-1].Type == message.AI {
		return c.messages[n-1].Content.String()
	}
	return ""
}

// wants returns the newest message with calls, if nothing but answers to them came after it.
func (c conversation) wants() (message.Message, bool) {
	for i := len(c.messages) - 1; i >= 0; i-- {
		switch m := c.messages[i]; m.Type {
		case message.Tool:
			continue
		case message.AI:
			return m, len(m.ToolCalls)+len(m.InvalidToolCalls) > 0
		default:
			return message.Message{}, false
		}
	}
	return message.Message{}, false
}

// pending returns the calls that wait for an answer.
func (c conversation) pending(runID string) []Call {
	m, _ := c.wants()
	return slices.DeleteFunc(calls(runID, m), func(call Call) bool {
		_, done := c.answered[call.ID]
		return done
	})
}

// calls are those of a message, in its order.
func calls(runID string, m message.Message) []Call {
	var out []Call
	for _, t := range m.ToolCalls {
		out = append(out, Call{ID: t.ID, Key: ReceiptID(runID, t.ID), Tool: t.Name, Arguments: t.Args})
	}
	for _, t := range m.InvalidToolCalls {
		raw, _ := json.Marshal(t.Args) //nolint:errchkjson // a string always has a JSON form
		out = append(out, Call{ID: t.ID, Key: ReceiptID(runID, t.ID), Tool: t.Name, Arguments: raw, Invalid: t.Error})
	}
	return out
}

// call returns one of the calls that wait.
func (c conversation) call(runID, id string) (Call, error) {
	list := c.pending(runID)
	for _, call := range list {
		if call.ID == id || id == "" {
			return call, nil
		}
	}
	return Call{}, errors.New("no call is waiting")
}

// request is the conversation as the model is shown it: what earlier runs of the thread asked and answered, the question,
// and each call of this run with its result.
func (r *loop) request(s graph.State) (llm.Request, error) {
	all, err := keyMessages.Get(s)
	if err != nil {
		return llm.Request{}, err
	}
	thoughts, err := keyThoughts.Get(s)
	if err != nil {
		return llm.Request{}, err
	}
	from := len(all)
	for from > 0 && (from == len(all) || all[from].Type != message.Human) {
		from--
	}
	said := map[string]string{}
	for _, t := range thoughts {
		said[t.Message] = t.Text
	}
	req := llm.Request{Messages: []llm.Message{{Role: llm.RoleSystem, Text: r.System.Text}}}
	req.Messages = append(req.Messages, history(all[:from])...)
	req.Messages = append(req.Messages, newConversation(all[from:]).rounds(said)...)
	for _, t := range r.Tools() {
		req.Tools = append(req.Tools, t.Tool)
	}
	return req, nil
}

// history is what was asked and answered before, without the way to the answers.
func history(list []message.Message) []llm.Message {
	var out []llm.Message
	for _, m := range list {
		text := m.Content.String()
		switch {
		case text == "" || len(m.ToolCalls)+len(m.InvalidToolCalls) > 0:
		case m.Type == message.Human:
			out = append(out, llm.Message{Role: llm.RoleUser, Text: text})
		case m.Type == message.AI:
			out = append(out, llm.Message{Role: llm.RoleAssistant, Text: text})
		case m.Type == message.System:
			out = append(out, llm.Message{Role: llm.RoleSystem, Text: text})
		}
	}
	return out[max(0, len(out)-historyMessages):]
}

// rounds renders the messages of a run. Each call is followed by its answer, wherever that stands.
func (c conversation) rounds(thoughts map[string]string) []llm.Message {
	var out []llm.Message
	for _, m := range c.messages {
		switch m.Type {
		case message.Human:
			out = append(out, llm.Message{Role: llm.RoleUser, Text: m.Content.String()})
		case message.System:
			out = append(out, llm.Message{Role: llm.RoleSystem, Text: m.Content.String()})
		case message.AI:
			text := m.Content.String()
			if text == "" {
				text = thoughts[m.ID]
			}
			said := llm.Message{Role: llm.RoleAssistant, Text: text}
			var answers []llm.Message
			for _, call := range calls("", m) {
				said.Calls = append(said.Calls, llm.Call{ID: call.ID, Tool: call.Tool, Arguments: call.Arguments, Invalid: call.Invalid})
				answers = append(answers, c.answer(call))
			}
			out = append(append(out, said), answers...)
		}
	}
	return out
}

func (c conversation) answer(call Call) llm.Message {
	out := llm.Message{Role: llm.RoleTool, CallID: call.ID, Tool: call.Tool, Text: notMade}
	if i, ok := c.answered[call.ID]; ok {
		out.Text, out.Data = c.messages[i].Content.String(), c.messages[i].Artifact
	}
	return out
}
