package otlp

import (
	"cmp"
	"slices"

	"github.com/ragline/ragline/schemas/event"
)

// trace is what one request has of a trace: its spans by their start.
type trace []*span

// byTrace returns the traces in the order of their first span.
func byTrace(all []*span) []trace {
	at := map[string]int{}
	var traces []trace
	for _, s := range all {
		i, ok := at[s.GetTraceId()]
		if !ok {
			i = len(traces)
			at[s.GetTraceId()] = i
			traces = append(traces, nil)
		}
		traces[i] = append(traces[i], s)
	}
	for _, t := range traces {
		slices.SortStableFunc(t, func(a, b *span) int { return a.GetStartTime().AsTime().Compare(b.GetStartTime().AsTime()) })
	}
	return traces
}

// share gives every span of the trace what only some of them say: who asked, and in which conversation. Readers do not
// join for it.
func (t trace) share() {
	known, thread := t.common()
	for _, s := range t {
		complete(s.GetOrigin(), known)
		s.ThreadId = cmp.Or(s.GetThreadId(), thread)
	}
}

// common is who asked, and in which conversation, as far as a span of the trace says so.
func (t trace) common() (known *event.Origin, thread string) {
	known = &event.Origin{}
	for _, s := range t {
		complete(known, s.GetOrigin())
		thread = cmp.Or(thread, s.GetThreadId())
	}
	return known, thread
}

// complete fills in what o does not say.
func complete(o, from *event.Origin) {
	o.UserId = cmp.Or(o.GetUserId(), from.GetUserId())
	o.SessionId = cmp.Or(o.GetSessionId(), from.GetSessionId())
	o.Environment = cmp.Or(o.GetEnvironment(), from.GetEnvironment())
	if o.Tags == nil {
		o.Tags = from.GetTags()
	}
}

// entry is the first span, from the local root downward, that has a question and an answer.
func (t trace) entry() (s *span, question, answer string) {
	children := map[string]trace{}
	var level trace
	for _, s := range t {
		if s.localRoot {
			level = append(level, s)
		} else {
			children[s.GetParentSpanId()] = append(children[s.GetParentSpanId()], s)
		}
	}
	for len(level) > 0 {
		var next trace
		for _, s := range level {
			if question, answer := said(s.GetInput(), asker()), said(s.GetOutput(), answerer()); s.answers() && question != "" && answer != "" {
				return s, question, answer
			}
			next = append(next, children[s.GetSpanId()]...)
			delete(children, s.GetSpanId()) // where two spans have one id, a span may be its own ancestor
		}
		level = next
	}
	return nil, "", ""
}

// answers says whether a span can be the one that answers a person: no tool, no search, and it did not fail.
func (s *span) answers() bool {
	switch s.GetKind() {
	case event.SpanKind_SPAN_KIND_UNSPECIFIED, event.SpanKind_SPAN_KIND_AGENT, event.SpanKind_SPAN_KIND_LLM:
		return s.GetStatus() != event.StatusCode_STATUS_CODE_ERROR
	default:
		return false
	}
}
