package api

import (
	"encoding/json"
	"slices"
)

// chunk is what we look at in a message of LangChain's JSON.
type chunk struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
}

// readMessage says whether a value is a message with an id.
func readMessage(raw json.RawMessage) (chunk, bool) {
	var m chunk
	known := []string{"human", "ai", "tool", "system", "AIMessageChunk", "developer", "function"}
	ok := json.Unmarshal(raw, &m) == nil && m.ID != "" && m.Content != nil && slices.Contains(known, m.Type)
	return m, ok
}

// messagesIn finds the messages in a value: one, or a list.
func messagesIn(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	return list
}

// noteMessages remembers the messages that were there before a task: only new ones are sent.
func (f *framer) noteMessages(state object) {
	if !f.modes[modeTuple] && !f.modes[modeMessages] {
		return
	}
	for _, value := range state {
		for _, raw := range messagesIn(value) {
			if m, ok := readMessage(raw); ok {
				f.seen[m.ID] = true
			}
		}
	}
}

// newMessages sends the messages of a task's result that were not sent while they were written.
func (f *framer) newMessages(e Event, t Task) {
	if !f.modes[modeTuple] && !f.modes[modeMessages] {
		return
	}
	for _, kv := range t.Result {
		for _, raw := range messagesIn(kv.Value) {
			m, ok := readMessage(raw)
			if !ok {
				continue
			}
			if f.modes[modeMessages] {
				f.complete(e.Step, &t, m, raw)
			}
			if !f.seen[m.ID] {
				f.put(modeTuple, modeMessages, []any{raw, f.taskMetadata(e.Step, &t, nil)})
			}
			f.seen[m.ID] = true
		}
	}
}

// complete ends a message of the older mode, which began with its metadata.
func (f *framer) complete(step int, t *Task, m chunk, raw json.RawMessage) {
	_, begun := f.pieces[m.ID]
	if f.seen[m.ID] && !begun {
		return
	}
	if !begun {
		f.put(modeMessages, "messages/metadata", map[string]any{m.ID: map[string]any{"metadata": f.taskMetadata(step, t, nil)}})
	}
	delete(f.pieces, m.ID)
	f.put(modeMessages, "messages/complete", []json.RawMessage{raw})
}

// message sends a piece of a message, and to the older mode all of it so far.
func (f *framer) message(e Event) {
	m, ok := readMessage(e.Message.Chunk)
	if !ok {
		return
	}
	t := e.Message.Task
	if t == nil {
		t = f.task
	}
	f.put(modeTuple, modeMessages, []any{e.Message.Chunk, f.taskMetadata(e.Step, t, e.Message.Metadata)})
	f.seen[m.ID] = true
	if !f.modes[modeMessages] {
		return
	}
	whole, begun := f.pieces[m.ID]
	if !begun {
		f.put(modeMessages, "messages/metadata", map[string]any{m.ID: map[string]any{"metadata": f.taskMetadata(e.Step, t, e.Message.Metadata)}})
		whole = object{}
	}
	f.pieces[m.ID] = grown(whole, e.Message.Chunk)
	f.put(modeMessages, "messages/partial", []object{f.pieces[m.ID]})
}

// grown is a message with the text of another piece behind its own. All else is the newest piece's.
func grown(whole object, piece json.RawMessage) object {
	var next object
	if json.Unmarshal(piece, &next) != nil {
		return whole
	}
	var before, after string
	if json.Unmarshal(whole["content"], &before) == nil && json.Unmarshal(next["content"], &after) == nil {
		next["content"] = quoted(before + after)
	}
	return next
}
