package otlp

import (
	"fmt"
	"strings"
	"time"

	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// consumer is the name under which ids are derived here. It must never change, or repeats would no longer be recognised.
const consumer = "gateway/otlp"

// Event is what a span, a trace or a log record becomes.
type Event struct {
	Message proto.Message
	// ID is the same whenever the same thing is sent.
	ID string
	// Time is when it happened, never later than now.
	Time time.Time
}

// Batch is what a request becomes.
type Batch struct {
	// Events are the spans or scores.
	Events []Event
	// Interactions are made from whole traces.
	Interactions []Event
	// Refused says why of each span or record that becomes nothing.
	Refused []error
}

// Reader turns requests into events of a tenant. Its zero value has no tenant: set one.
type Reader struct {
	Tenant string
	// Now is the clock. Nil is time.Now.
	Now func() time.Time
	// Recall remembers the spans of traces whose root comes in a later request. Nil: their interactions lack them.
	Recall *Recall
}

// Traces reads spans. It takes the request apart: do not use it afterwards.
func (r Reader) Traces(req *coltracepb.ExportTraceServiceRequest) Batch {
	var (
		batch Batch
		all   []*span
	)
	for _, rs := range req.GetResourceSpans() {
		resource := read(rs.GetResource().GetAttributes())
		for _, ss := range rs.GetScopeSpans() {
			for _, raw := range ss.GetSpans() {
				s, err := r.span(raw, resource, ss.GetScope())
				if err != nil {
					batch.Refused = append(batch.Refused, fmt.Errorf("span %x: %w", raw.GetSpanId(), err))
					continue
				}
				all = append(all, s)
			}
		}
	}
	traces := byTrace(all)
	for _, t := range traces {
		t.share()
	}
	for _, s := range all {
		batch.Events = append(batch.Events, Event{s.SpanEnded, r.id(s.GetTraceId(), s.GetSpanId()), r.past(s.GetEndTime().AsTime())})
	}
	for _, t := range traces {
		if in, from := r.Recall.whole(r.Tenant, t, r.now()).interaction(); in != nil {
			batch.Interactions = append(batch.Interactions, Event{in, r.id(in.GetTraceId(), from.GetSpanId(), "interaction"), r.past(from.GetEndTime().AsTime())})
		}
	}
	return batch
}

// Logs reads evaluation results. Other records are refused: this is no store for logs.
func (r Reader) Logs(req *collogspb.ExportLogsServiceRequest) Batch {
	var batch Batch
	for _, rl := range req.GetResourceLogs() {
		for _, sl := range rl.GetScopeLogs() {
			for _, record := range sl.GetLogRecords() {
				e, err := r.score(record)
				if err != nil {
					batch.Refused = append(batch.Refused, err)
					continue
				}
				batch.Events = append(batch.Events, e)
			}
		}
	}
	return batch
}

// id is derived from what identifies a thing in its tenant.
func (r Reader) id(parts ...string) string {
	return event.DeriveID(r.Tenant+"\x00"+strings.Join(parts, "\x00"), consumer, 0)
}

// past keeps a clock that is ahead from dating an event in the future, which brokers may refuse. No time is now.
func (r Reader) past(t time.Time) time.Time {
	if n := r.now(); t.IsZero() || t.After(n) {
		return n
	}
	return t
}

func (r Reader) now() time.Time {
	if r.Now != nil {
		return r.Now().UTC()
	}
	return time.Now().UTC()
}

func spansOf(req *coltracepb.ExportTraceServiceRequest) []*tracepb.Span {
	var all []*tracepb.Span
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			all = append(all, ss.GetSpans()...)
		}
	}
	return all
}
