package otlp

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

// Bounds of what is remembered of a trace whose root has not come.
const (
	recallBytes = 16 << 20
	recallAge   = 10 * time.Minute
	// besideSpan is what Go holds of a small span beside its bytes on the wire, measured: ten times as much.
	besideSpan = 1300
)

// Recall remembers the spans of traces whose local root has not come: an exporter sends children first, and those of a long
// trace in requests of their own. The interaction is made when the root comes, and needs what they found. The spans
// themselves are not held back. The oldest traces are forgotten first; a restart forgets all, and so the interaction lacks
// their documents. NewRecall returns one; it is safe for concurrent use, also by the readers of several tenants. A nil
// Recall remembers nothing.
type Recall struct {
	mu     sync.Mutex
	traces map[traceKey]*unfinished
	order  []traceKey // by their first span
	bytes  int
	limit  int
}

// traceKey names a trace. Its id alone is the sender's to choose.
type traceKey struct{ tenant, id string }

// unfinished is a trace without a root.
type unfinished struct {
	since time.Time
	spans trace
	known map[string]bool // by span id
	bytes int
}

// NewRecall remembers spans for ten minutes, in 16 MiB of memory.
func NewRecall() *Recall { return &Recall{traces: map[traceKey]*unfinished{}, limit: recallBytes} }

// whole returns the trace with what came before it, or remembers it where its root is not in it. What was remembered
// stays: a request whose answer was lost comes again, and has to give the same interaction.
func (r *Recall) whole(tenant string, t trace, now time.Time) trace {
	if r == nil || len(t) == 0 {
		return t
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	at := traceKey{tenant, t[0].GetTraceId()}
	if !t.rooted() {
		r.keep(at, t, now)
		return t
	}
	known := r.traces[at]
	if known == nil {
		return t
	}
	here := make(map[string]bool, len(t))
	for _, s := range t {
		here[s.GetSpanId()] = true
	}
	all := slices.Clone(t)
	for _, s := range known.spans {
		if !here[s.GetSpanId()] {
			all = append(all, s)
		}
	}
	return byTrace(all)[0]
}

func (r *Recall) keep(at traceKey, t trace, now time.Time) {
	u := r.traces[at]
	if u == nil {
		u = &unfinished{since: now, known: map[string]bool{}}
		r.traces[at] = u
		r.order = append(r.order, at)
	}
	for _, s := range t {
		if u.known[s.GetSpanId()] {
			continue
		}
		u.known[s.GetSpanId()] = true
		u.spans = append(u.spans, s)
		size := proto.Size(s.SpanEnded) + besideSpan
		u.bytes += size
		r.bytes += size
	}
	r.forget(now)
}

// forget drops what is too old or too much. It is called with mu.
func (r *Recall) forget(now time.Time) {
	for len(r.order) > 0 && (r.bytes > r.limit || now.Sub(r.traces[r.order[0]].since) > recallAge) {
		r.bytes -= r.traces[r.order[0]].bytes
		delete(r.traces, r.order[0])
		r.order = r.order[1:]
	}
}

// rooted says whether the work of an application begins in the trace.
func (t trace) rooted() bool {
	for _, s := range t {
		if s.localRoot {
			return true
		}
	}
	return false
}
