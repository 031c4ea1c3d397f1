package trace

import (
	"errors"
	"time"
)

var (
	// ErrTooLarge says that the request was too large: its halves may fit.
	ErrTooLarge = errors.New("the request is too large for the backend")
	// ErrDuplicate says that the backend has an event of the request already and that nothing else is known of the
	// request. Of a single event it says that the event is settled.
	ErrDuplicate = errors.New("the backend has the event already")
)

// RetryError says that the backend cannot take anything now. What became of the request is unknown, unless
// NothingTaken is set.
type RetryError struct {
	// After is how long the backend asks to wait. Zero leaves it to the caller.
	After time.Duration
	// NothingTaken says that nothing of the request was taken, for sure.
	NothingTaken bool
	Err          error
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
