package react

import (
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	// historyMessages is how many messages of earlier runs of the thread the model is shown.
	historyMessages = 10
	// maxHistory is the size of all messages at which those that no model is shown any more are dropped.
	maxHistory = 2 << 20
)

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
	from := current(all)
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

// current is the index at which the current run's messages begin: the last question.
func current(all []message.Message) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Type == message.Human {
			return i
		}
	}
	return 0
}

// shown are the messages of earlier runs that a model is shown: what was asked and answered last, without the way there.
func shown(earlier []message.Message) []message.Message {
	var out []message.Message
	for _, m := range earlier {
		if m.Type != message.Tool && m.Content.String() != "" && len(m.ToolCalls)+len(m.InvalidToolCalls) == 0 {
			out = append(out, m)
		}
	}
	return out[max(0, len(out)-historyMessages):]
}

func history(earlier []message.Message) []llm.Message {
	roles := map[message.Type]llm.Role{message.Human: llm.RoleUser, message.AI: llm.RoleAssistant, message.System: llm.RoleSystem}
	var out []llm.Message
	for _, m := range shown(earlier) {
		out = append(out, llm.Message{Role: roles[m.Type], Text: m.Content.String()})
	}
	return out
}

// stale removes what no model is shown any more from a thread that has grown large: otherwise it would come to the size at
// which its state cannot be built, and no question could be answered in it.
func stale(s graph.State) ([]message.Message, error) {
	if len(s[keyMessages.Key]) <= maxHistory {
		return nil, nil
	}
	all, err := keyMessages.Get(s)
	if err != nil {
		return nil, err
	}
	earlier := all[:current(all)]
	keep := map[string]bool{}
	for _, m := range shown(earlier) {
		keep[m.ID] = true
	}
	var out []message.Message
	for _, m := range earlier {
		if !keep[m.ID] {
			out = append(out, message.Message{Type: message.Remove, ID: m.ID})
		}
	}
	return out, nil
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
