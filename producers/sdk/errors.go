package sdk

import (
	"errors"
	"fmt"
)

// Errors of a Client, for errors.Is.
var (
	// ErrClosed is returned by calls on a client that is closed.
	ErrClosed = errors.New("the ragline client is closed: open a new one")
	// ErrNoTopics is returned when the answers' topics do not exist.
	ErrNoTopics = errors.New("the answer topics do not exist: start ragline once, or create them with `ragline topics create`")
	// ErrNotAnEvent is returned by Publish for a message that is not part of the contract.
	ErrNotAnEvent = errors.New("the message is not an event: publish one of the messages that event.Definitions lists")
)

// PendingError says that a question was asked but its answer did not come in time. If Published, the question
// is on the log and will be answered: call Client.Answer with its QueryID. Unwrap gives the cause, for example
// context.DeadlineExceeded.
type PendingError struct {
	// QueryID and ThreadID are those of the question.
	QueryID  string
	ThreadID string
	// Published says that the question is safe on the log. If not, it may or may not be: Kafka did not answer.
	Published bool
	// Err is why the wait ended.
	Err error
}

// Error names the query and what to do.
func (e *PendingError) Error() string {
	if !e.Published {
		return fmt.Sprintf("publishing query %s: %v; ask again with the same id", e.QueryID, e.Err)
	}
	return fmt.Sprintf("waiting for the answer to query %s: %v; it may still come, ask for it with Answer, and check that an agent is running", e.QueryID, e.Err)
}

// Unwrap returns the cause.
func (e *PendingError) Unwrap() error { return e.Err }
