package trace

import (
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// Descendant is implemented by backends that must know a span's ancestors, although a span ends, and is in the log,
// before they do.
type Descendant interface {
	// Hold is how long a span whose ancestors are not in the log yet is waited for, from the time of its record.
	// Then it is sent with the ancestors that are known.
	Hold() time.Duration
}

// Step is a span on the way from the root to a span.
type Step struct {
	SpanID string
	Start  time.Time
}

// SpanKey names a span.
type SpanKey struct{ TraceID, SpanID string }

// KeyOf returns the name of a span.
func KeyOf(s *event.SpanEnded) SpanKey { return SpanKey{s.GetTraceId(), s.GetSpanId()} }

// Paths holds, for each span, and for the span of each score where it is known, its [Path].
type Paths map[SpanKey]Path

// Path is the way from the root to the parent of a span: its ancestors from the outermost that is known to the parent.
type Path struct {
	Steps []Step
	// Whole says that the outermost is the root, or that the span itself is.
	Whole bool
}

// Root says that the span is the root of its trace.
func (p Path) Root() bool { return p.Whole && len(p.Steps) == 0 }
