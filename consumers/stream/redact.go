package stream

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/ragline/ragline/schemas/event"
)

const (
	maxMessage = 500
	// quoteLen is the length from which an excerpt of the payload is cut out of an error text.
	quoteLen = 12
	// maxSearch bounds how much of a payload is searched for excerpts.
	maxSearch = 64 << 10
)

func decodeReason(err error) event.Reason {
	var d *event.DecodeError
	if errors.As(err, &d) {
		return d.Reason
	}
	return "undecodable"
}

// describe returns the text of err without excerpts of the payload, as valid UTF-8 of at most 500 bytes.
func describe(err error, payload []byte) string {
	var d *event.DecodeError
	if errors.As(err, &d) {
		switch d.Reason {
		case event.ReasonInvalidJSON, event.ReasonInvalidProtobuf, event.ReasonInvalidUTF8:
			// Parsers quote what they could not read, however short.
			return string(d.Reason) + ": the value cannot be read"
		}
	}
	text := err.Error()
	text = strings.ToValidUTF8(text[:min(len(text), 4*maxMessage)], "?")
	text = redact(text, payload[:min(len(payload), maxSearch)])
	if len(text) > maxMessage {
		cut := maxMessage - len("…")
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}

func redact(text string, payload []byte) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i
		for n := i + quoteLen; n <= len(text) && bytes.Contains(payload, []byte(text[i:n])); n++ {
			end = n
		}
		if end > i {
			out.WriteString("[payload]")
			i = end
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return strings.ToValidUTF8(out.String(), "?")
}
