package wire

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Engine error codes that the front itself answers with.
const (
	CodeNotImplemented     = 48
	CodeSyntax             = 62
	CodeEncoding           = 89
	CodeUnknownSetting     = 115
	CodeIncorrectData      = 117
	CodeReadonly           = 164
	CodeTooManyQueries     = 202
	CodeNetwork            = 210
	CodeQueryTooLarge      = 229
	CodeIntoOutfile        = 358
	CodeSessionNotFound    = 372
	CodeSessionLocked      = 373
	CodeSessionTimeout     = 374
	CodeAuthentication     = 516
	CodeUnknownException   = 1002
	exceptionTagLength     = 16
	exceptionMarker        = "__exception__"
	exceptionTagCharacters = "abcdefghijklmnopqrstuvwxyz"
)

// NewExceptionTag is the random mark that tells a real exception block from data that looks like one.
func NewExceptionTag() string {
	tag := make([]byte, exceptionTagLength)
	_, _ = rand.Read(tag) // never fails
	for i, b := range tag {
		tag[i] = exceptionTagCharacters[int(b)%len(exceptionTagCharacters)]
	}
	return string(tag)
}

// WriteException ends a response that has begun with status 200 and cannot be completed.
// It belongs outside compressed frames: clients look for it in the bytes as they arrive.
func WriteException(out io.Writer, tag, text string) error {
	text = strings.TrimRight(text, "\n")
	_, err := fmt.Fprintf(out, "\r\n%s\r\n%s\r\n%s\n%d %s\r\n%s\r\n",
		exceptionMarker, tag, text, len(text), tag, exceptionMarker)
	return err
}

// HTTPStatus is the status that a ClickHouse server answers an error code with.
func HTTPStatus(code int) int {
	switch code {
	case 194:
		return http.StatusUnauthorized
	case 192, 193, 497, 516:
		return http.StatusForbidden
	case 6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441:
		return http.StatusBadRequest
	case 46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511:
		return http.StatusNotFound
	case 159:
		return http.StatusRequestTimeout
	case 229:
		return http.StatusRequestEntityTooLarge
	case 48:
		return http.StatusNotImplemented
	case 76, 209, 439:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
