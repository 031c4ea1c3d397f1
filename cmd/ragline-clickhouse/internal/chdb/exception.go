package chdb

import (
	"errors"
	"regexp"
	"strconv"
)

// ErrConnect says that the library gave no connection. It never says why.
var ErrConnect = errors.New("the engine refused the connection")

// Exception is an engine error with its text unchanged, because clients parse it.
type Exception struct {
	Code int
	Text string
}

func (e *Exception) Error() string { return e.Text }

// codeUnknown is the engine's UNKNOWN_EXCEPTION.
const codeUnknown = 1002

func newException(text string) *Exception {
	code := codeUnknown
	if m := codePattern().FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1])
	}
	return &Exception{Code: code, Text: text}
}

func codePattern() *regexp.Regexp { return regexp.MustCompile(`^Code: (\d+)\. `) }

// asError is nil for an empty text.
func asError(text string) error {
	if text == "" {
		return nil
	}
	return newException(text)
}
