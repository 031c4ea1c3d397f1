package stream

import (
	"errors"
	"time"
)

// Drop returns an error that sends the record to the dead letters at once: trying again cannot help.
func Drop(err error) error { return &dropError{err} }

// RetryIn returns an error that asks for another try after d, for example a server's Retry-After.
// The try counts like any other.
func RetryIn(d time.Duration, err error) error { return &retryError{d, err} }

type dropError struct{ err error }

func (e *dropError) Error() string { return e.err.Error() }
func (e *dropError) Unwrap() error { return e.err }

type retryError struct {
	after time.Duration
	err   error
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

func isDrop(err error) bool {
	var d *dropError
	return errors.As(err, &d)
}

// retryAfter returns the wait that the handler asked for.
func retryAfter(err error) (time.Duration, bool) {
	var r *retryError
	if errors.As(err, &r) {
		return r.after, true
	}
	return 0, false
}
