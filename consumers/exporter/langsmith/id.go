package langsmith

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// namespace is the UUID under which all run ids live. It must never change, or repeats would no longer be recognised.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("ragline/langsmith"))

// traceUUID is the id of a trace and of its root run, so that a score finds the root by the trace id alone.
func traceUUID(traceID string) string { return uuid.NewSHA1(namespace, []byte(traceID)).String() }

// runUUID is the id of a run that is no root.
func runUUID(traceID, spanID string) string {
	return uuid.NewSHA1(namespace, []byte(traceID+"/"+spanID)).String()
}

// place is where a run stands in its trace.
type place struct {
	id, traceID, parentID, order string
	orphan                       bool
}

// placeOf puts a run below its ancestors. Without the root the outermost ancestor that is known stands for it.
func placeOf(s *event.SpanEnded, path trace.Path) place {
	trace := s.GetTraceId()
	p := place{orphan: s.GetParentSpanId() != "" && !path.Whole}
	var segments []string
	for i, step := range path.Steps {
		p.parentID = runUUID(trace, step.SpanID)
		if i == 0 && path.Whole {
			p.parentID = traceUUID(trace)
		}
		if i == 0 {
			p.traceID = p.parentID
		}
		segments = append(segments, segment(step.Start, p.parentID))
	}
	p.id = runUUID(trace, s.GetSpanId())
	if s.GetParentSpanId() == "" {
		p.id = traceUUID(trace)
	}
	if p.traceID == "" {
		p.traceID = p.id
	}
	p.order = strings.Join(append(segments, segment(s.GetStartTime().AsTime(), p.id)), ".")
	return p
}

func segment(start time.Time, id string) string {
	return strings.Replace(start.UTC().Format("20060102T150405.000000Z"), ".", "", 1) + id
}
