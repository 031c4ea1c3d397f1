package trace

import (
	"context"

	"github.com/ragline/ragline/schemas/event"
)

// Backend sends spans, scores and feedback to one observability system.
//
// Export is called from one goroutine for each partition, so several calls may run at a time, and is called
// again with the same batch, or a part of it, after an error: ids must be functions of the events.
// It must return soon after ctx ends, and must not keep the events.
//
// A nil error settles every event of the batch but those in Result.Rejected. An error settles none:
// a [BlockedError] and a [RetryError] ask for the same batch later, [ErrTooLarge] for its halves, a
// [RejectedError] for a search for the event that is bad. Any other error is a retry.
type Backend interface {
	// Name is the backend's name in OBSERVABILITY_BACKEND. The consumer group is "exporter-" and the name:
	// another name exports the whole history again.
	Name() string
	Export(ctx context.Context, b Batch) (Result, error)
}

// Prober is implemented by backends whose [RejectedError] may also mean that the address is wrong.
// Before an event is given up, Probe asks where that event was sent whether anything is taken at all.
type Prober interface {
	Probe(ctx context.Context, e event.Event) error
}

// Batch is what one request carries: events whose Data is a *event.SpanEnded, *event.ScoreGiven or
// *event.FeedbackGiven. It is small enough for one request and never empty.
type Batch struct {
	Events []event.Event
	// Replayed says that the events were sent before, or not, by a process that died.
	Replayed bool
}

// Result says what a successful request did not take.
type Result struct {
	// Rejected are events that will never be taken.
	Rejected []Rejection
	// Unnamed counts events that were not taken and that the backend did not name; Note is its reason.
	Unnamed int64
	Note    string
}

// Rejection is an event that will never be taken, and why.
type Rejection struct {
	// Index is its position in Batch.Events.
	Index  int
	Reason string
}
