package react

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/schemas/event"
)

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
