package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Merge is LangGraph's add_messages on JSON. A write is one message or a list of them, in any of the forms that Read takes.
func Merge(old json.RawMessage, writes []json.RawMessage) (json.RawMessage, error) {
	for _, w := range writes {
		list, err := Read(w)
		if err != nil {
			return nil, err
		}
		if old, err = add(old, list); err != nil {
			return nil, err
		}
	}
	if len(bytes.TrimSpace(old)) == 0 {
		return json.RawMessage("[]"), nil
	}
	return old, nil
}

// add appends where it can, because that costs no look at what is there.
func add(old json.RawMessage, list []Message) (json.RawMessage, error) {
	fresh := map[string]bool{}
	for i := range list {
		m := &list[i]
		if m.ID == "" {
			if err := m.identify(old, i); err != nil {
				return nil, err
			}
		}
		if m.Type == Remove || fresh[m.ID] || mentions(old, m.ID) {
			return rebuild(old, list)
		}
		fresh[m.ID] = true
	}
	old = bytes.TrimSpace(old)
	if len(list) == 0 {
		return old, nil
	}
	added, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encoding messages: %w", err)
	}
	if len(old) <= 2 || old[0] != '[' || old[len(old)-1] != ']' {
		if len(old) == 0 || string(old) == "null" || string(old) == "[]" {
			return added, nil
		}
		return nil, fmt.Errorf("%w: the list is %.40q", ErrInvalid, old)
	}
	out := make([]byte, 0, len(old)+len(added))
	out = append(out, old[:len(old)-1]...)
	out = append(out, ',')
	return append(out, added[1:]...), nil
}

// identify derives an id from the message and its place: the same write gives the same id whenever it is replayed.
func (m *Message) identify(old json.RawMessage, index int) error {
	before, err := split(old)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	m.ID = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(raw, " %d", len(before)+index)).String()
	return nil
}

// mentions says whether a list may have a message of an id. Within a JSON string the quotes would be escaped, so only an
// object that has such an id itself, be it a message or not, can make it wrong: then it is looked at again. The list was
// written here, so there is no space behind the colon.
func mentions(list json.RawMessage, id string) bool {
	quoted, err := json.Marshal(id)
	return err != nil || bytes.Contains(list, append([]byte(`"id":`), quoted...))
}

// entry is a message of the list under construction.
type entry struct {
	id  string
	raw json.RawMessage
}

// rebuild replaces and removes by id. What is not touched stays as it is, byte for byte.
func rebuild(old json.RawMessage, list []Message) (json.RawMessage, error) {
	items, err := split(old)
	if err != nil {
		return nil, err
	}
	var out []entry
	at := map[string]int{}
	for _, raw := range items {
		id, err := idOf(raw)
		if err != nil {
			return nil, err
		}
		at[id] = len(out)
		out = append(out, entry{id, raw})
	}
	gone := map[string]bool{}
	for i, m := range list {
		n, there := at[m.ID]
		switch {
		case m.Type == Remove && m.ID == RemoveAll:
			return add(nil, list[i+1:])
		case m.Type == Remove && !there:
			return nil, fmt.Errorf("removing message %s: %w", m.ID, ErrUnknownID)
		case m.Type == Remove:
			gone[m.ID] = true
		default:
			raw, err := json.Marshal(m)
			if err != nil {
				return nil, fmt.Errorf("encoding message %s: %w", m.ID, err)
			}
			delete(gone, m.ID)
			if there {
				out[n].raw = raw
				continue
			}
			at[m.ID] = len(out)
			out = append(out, entry{m.ID, raw})
		}
	}
	kept := make([]string, 0, len(out))
	for _, e := range out {
		if !gone[e.id] {
			kept = append(kept, string(e.raw))
		}
	}
	return json.RawMessage("[" + strings.Join(kept, ",") + "]"), nil
}

func idOf(raw json.RawMessage) (string, error) {
	var m struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return m.ID, nil
}

func typeOf(raw json.RawMessage) (Type, error) {
	for _, t := range []Type{Human, AI, Tool, System} {
		if bytes.HasPrefix(raw, []byte(`{"type":"`+string(t)+`"`)) {
			return t, nil
		}
	}
	var m struct {
		Type Type `json:"type"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return m.Type, nil
}
