package langsmith

import (
	"crypto/sha1" //nolint:gosec // UUIDs of version 5 are made of it
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// namespace is the UUID under which all run ids live. It must never change, or repeats would no longer be recognised.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("ragline/langsmith"))

// derive is uuid.NewSHA1(namespace, text) without its allocations.
func derive(parts ...string) (id uuid.UUID) {
	var room [128]byte
	text := append(room[:0], namespace[:]...)
	for _, part := range parts {
		text = append(text, part...)
	}
	sum := sha1.Sum(text) //nolint:gosec // as above
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// traceUUID is the id of a trace and of its root run, so that a score finds the root by the trace id alone.
func traceUUID(traceID string) uuid.UUID { return derive(traceID) }

// runUUID is the id of a run that is no root.
func runUUID(traceID, spanID string) uuid.UUID { return derive(traceID, "/", spanID) }

// place is where a run stands in its trace.
type place struct {
	id, traceID uuid.UUID
	parentID    uuid.UUID // uuid.Nil: none
	orphan      bool
}

// placeOf puts a span below its ancestors, and appends its dotted order to order. Without the root the outermost
// ancestor that is known stands for it.
func placeOf(order []byte, traceID, spanID string, start time.Time, path trace.Path) (place, []byte) {
	p := place{orphan: !path.Whole}
	for i, step := range path.Steps {
		p.parentID = runUUID(traceID, step.SpanID)
		if i == 0 && path.Whole {
			p.parentID = traceUUID(traceID)
		}
		if i == 0 {
			p.traceID = p.parentID
		}
		order = append(appendSegment(order, step.Start, p.parentID), '.')
	}
	p.id = runUUID(traceID, spanID)
	if path.Root() {
		p.id = traceUUID(traceID)
	}
	if len(path.Steps) == 0 {
		p.traceID = p.id
	}
	return p, appendSegment(order, start, p.id)
}

// pathOf is the path of a span in its batch. The exporter knows that of every span; a root needs none.
func pathOf(s *event.SpanEnded, paths trace.Paths) trace.Path {
	if s.GetParentSpanId() == "" {
		return trace.Path{Whole: true}
	}
	return paths[trace.KeyOf(s)]
}

func appendSegment(b []byte, start time.Time, id uuid.UUID) []byte {
	return appendUUID(appendMoment(b, start, "", "T", "", ""), id)
}
