package llm

import (
	"fmt"
	"net/http"
	"time"
)

// Error is a model that did not answer.
type Error struct {
	// Status is the HTTP status, or 0 when there was no response.
	Status int
	// RetryAfter is how long the server asks to wait. Zero when it does not say.
	RetryAfter time.Duration
	// Message is the server's own words, or what went wrong on the way.
	Message string
	Err     error
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return "model did not answer: " + e.Message
	}
	return fmt.Sprintf("model answered with status %d: %s", e.Status, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary says whether trying again may help.
func (e *Error) Temporary() bool {
	return e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}
