package trace

import (
	"errors"
	"time"
)

// ErrTooLarge says that the request was too large: its halves may fit.
var ErrTooLarge = errors.New("the request is too large for the backend")

// RetryError says that the backend cannot take anything now. What became of the request may be unknown.
type RetryError struct {
	// After is how long the backend asks to wait. Zero leaves it to the caller.
	After time.Duration
	Err   error
}

func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// BlockedError says that the backend refuses this exporter, whatever the events: key or address are wrong.
// Its text names the settings to look at.
type BlockedError struct{ Err error }

func (e *BlockedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *BlockedError) Unwrap() error { return e.Err }

// RejectedError says that the backend refused the batch as a whole because something in it is bad.
type RejectedError struct{ Err error }

func (e *RejectedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RejectedError) Unwrap() error { return e.Err }
