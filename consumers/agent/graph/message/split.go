package message

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// split cuts a JSON list into its items without decoding them. The list is known to be JSON.
func split(list json.RawMessage) ([]json.RawMessage, error) {
	list = bytes.TrimSpace(list)
	if len(list) == 0 || string(list) == "null" {
		return nil, nil
	}
	if list[0] != '[' || list[len(list)-1] != ']' {
		return nil, fmt.Errorf("%w: %.40q is no list", ErrInvalid, list)
	}
	var out []json.RawMessage
	depth, start := 0, 1
	for i := 1; i < len(list); i++ {
		switch list[i] {
		case '"':
			i = closing(list, i)
		case '{', '[':
			depth++
		case '}':
			depth--
		case ',', ']':
			if list[i] == ']' && depth > 0 {
				depth--
				continue
			}
			if depth > 0 {
				continue
			}
			if item := bytes.TrimSpace(list[start:i]); len(item) > 0 {
				out = append(out, item)
			}
			start = i + 1
		}
	}
	return out, nil
}

// closing returns the index of the quote that ends the string which begins at i, or the end.
func closing(list []byte, i int) int {
	for {
		n := bytes.IndexByte(list[i+1:], '"')
		if n < 0 {
			return len(list)
		}
		i += n + 1
		escapes := 0
		for list[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
