package trace

import (
	"context"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// Backend sends spans, scores and feedback to one observability system.
//
// Export is called from one goroutine for each partition, so several calls may run at a time, and is called
// again with the same batch, or a part of it, after an error: ids must be functions of the events.
// It must return soon after ctx ends, and must not keep the events.
//
// A nil error settles every event of the batch but those in Result.Rejected. An error settles what Result names and
// nothing else: a [BlockedError] and a [RetryError] ask for the rest later, [ErrTooLarge] and [ErrDuplicate] for its
// halves, a [RejectedError] for a search for the event that is bad. Any other error is a retry.
type Backend interface {
	// Name is the backend's name in OBSERVABILITY_BACKEND. The consumer group is "exporter-" and the name:
	// another name exports the whole history again.
	Name() string
	Export(ctx context.Context, b Batch) (Result, error)
}

// Finder is implemented by backends that keep every copy of what they are sent and can be asked what they have.
// After a crash, or an answer that was lost, the exporter asks and sends only the rest.
type Finder interface {
	// Find says for each event whether the backend has it. Its errors are those of Export.
	Find(ctx context.Context, events []event.Event) ([]bool, error)
	// Shows is how long what was taken may stay out of sight of Find. An event that was sent and is not found
	// before that is waited for.
	Shows() time.Duration
}

// Limiter is implemented by backends whose requests have bounds of their own, below those of the settings.
type Limiter interface {
	Limits() (events, bytes int)
}

// Prober is implemented by backends whose [RejectedError] may also mean that the address is wrong.
// Before an event is given up, Probe asks where that event was sent whether anything is taken at all.
type Prober interface {
	Probe(ctx context.Context, e event.Event) error
}

// Checker is implemented by backends that are somewhere else.
type Checker interface {
	// Check asks whether address, key and version fit, sends nothing, and says what it found.
	Check(ctx context.Context) (found string, err error)
}

// Counter is implemented by backends that can be asked how many spans they have.
type Counter interface {
	// CountSpans counts those that started from from on and before to.
	CountSpans(ctx context.Context, from, to time.Time) (int64, error)
}

// Batch is what one request carries: events whose Data is a *event.SpanEnded, *event.ScoreGiven or
// *event.FeedbackGiven. It is small enough for one request and never empty.
type Batch struct {
	Events []event.Event
	// Paths are the ancestors of the spans, for a [Descendant] backend; nil for others.
	Paths Paths
}

// Result says what became of the events that are not like the others.
type Result struct {
	// Rejected are events that will never be taken.
	Rejected []Rejection
	// Settled are indexes of events that were taken although Export returned an error.
	Settled []int
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
