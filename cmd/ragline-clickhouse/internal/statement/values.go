package statement

import (
	"errors"
	"io"
)

// ErrAfterSemicolon says that VALUES are followed by something more.
var ErrAfterSemicolon = errors.New("there is text after the semicolon that ends VALUES")

// NewValuesReader passes the data of INSERT ... VALUES on and fails where more follows its semicolon.
// The engine would stop there without a word, and the client would take the rest for done.
func NewValuesReader(data io.Reader) io.Reader { return &valuesReader{data: data} }

type valuesReader struct {
	data   io.Reader
	quote  byte // the quote that is open, or 0
	escape bool // the last byte was a backslash inside quotes
	ended  bool // a semicolon was seen outside quotes
}

func (v *valuesReader) Read(p []byte) (int, error) {
	n, err := v.data.Read(p)
	for i, c := range p[:n] {
		if !v.step(c) {
			return i, ErrAfterSemicolon
		}
	}
	return n, err
}

func (v *valuesReader) step(c byte) bool {
	switch {
	case v.ended:
		return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';'
	case v.escape:
		v.escape = false
	case v.quote != 0 && c == '\\':
		v.escape = true
	case v.quote != 0 && c == v.quote: // a doubled quote closes and opens again
		v.quote = 0
	case v.quote != 0:
	case c == '\'' || c == '"' || c == '`':
		v.quote = c
	case c == ';':
		v.ended = true
	}
	return true
}
