package checkpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// The lists of a checkpoint are written by hand: encoding/json would look at each value three times, and change its bytes.
// They are read by encoding/json. A nil list takes no room.

func packWrites(list []Write) (string, error) {
	return packList(list, func(b []byte, w Write) ([]byte, error) {
		b = appendString(append(b, `{"k":`...), w.Key)
		b, err := appendValue(append(b, `,"v":`...), w.Value)
		if w.Overwrite {
			b = append(b, `,"o":true`...)
		}
		return append(b, '}'), err
	})
}

func packTargets(list []Target) (string, error) {
	return packList(list, func(b []byte, t Target) ([]byte, error) {
		if t.Input == nil {
			return appendString(b, t.Node), nil
		}
		b = appendString(append(b, `{"n":`...), t.Node)
		b, err := appendValue(append(b, `,"i":`...), t.Input)
		return append(b, '}'), err
	})
}

func packStrings(list []string) (string, error) {
	return packList(list, func(b []byte, s string) ([]byte, error) { return appendString(b, s), nil })
}

func packHeaders(list []Header) (string, error) {
	if list == nil {
		return "", nil
	}
	raw, err := json.Marshal(list)
	return string(raw), err
}

// packSnapshot returns NULL for no snapshot.
func packSnapshot(state map[string]json.RawMessage) (any, error) {
	if state == nil {
		return nil, nil
	}
	b := []byte{'{'}
	for i, key := range slices.Sorted(maps.Keys(state)) {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(append(appendString(b, key), ':'), state[key]); err != nil {
			return nil, err
		}
	}
	return string(append(b, '}')), nil
}

func packList[T any](list []T, add func([]byte, T) ([]byte, error)) (string, error) {
	if list == nil {
		return "", nil
	}
	b := append(make([]byte, 0, 256), '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = add(b, item); err != nil {
			return "", err
		}
	}
	return string(append(b, ']')), nil
}

func appendValue(b []byte, raw json.RawMessage) ([]byte, error) {
	if raw == nil {
		return append(b, "null"...), nil
	}
	if !json.Valid(raw) {
		return b, fmt.Errorf("value that is no JSON: %w", ErrInvalid)
	}
	return append(b, raw...), nil
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) //nolint:errchkjson // a string
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// unpack reads a column into what it was packed from.
func unpack[T any](raw []byte, into *T) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}
