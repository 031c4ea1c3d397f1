package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Content is a text, or a list of blocks as clients send them. It is kept as it came.
type Content struct {
	text   string
	blocks json.RawMessage
}

// Text returns a content that is a text.
func Text(s string) Content { return Content{text: s} }

// String is the text, or that of the text blocks.
func (c Content) String() string {
	if c.blocks == nil {
		return c.text
	}
	var list []json.RawMessage
	if json.Unmarshal(c.blocks, &list) != nil {
		return ""
	}
	var texts []string
	for _, raw := range list {
		var text string
		var block struct {
			Type string `json:"type"`
			Text string `json:"text"`
		}
		if json.Unmarshal(raw, &text) == nil {
			texts = append(texts, text)
		} else if json.Unmarshal(raw, &block) == nil && block.Type == "text" {
			texts = append(texts, block.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// MarshalJSON writes what was read.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.blocks != nil {
		return c.blocks, nil
	}
	return json.Marshal(c.text)
}

// UnmarshalJSON reads a text, a list of blocks, or null.
func (c *Content) UnmarshalJSON(raw []byte) error {
	*c = Content{}
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) > 0 && raw[0] == '"':
		return json.Unmarshal(raw, &c.text)
	case len(raw) > 0 && raw[0] == '[':
		c.blocks = bytes.Clone(raw)
		return nil
	case string(raw) == "null":
		return nil
	}
	return fmt.Errorf("%w: content is a text or a list of blocks", ErrInvalid)
}
