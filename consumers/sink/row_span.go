package sink

import (
	"time"

	"github.com/ragline/ragline/schemas/event"
)

func spans() table {
	type m = *event.SpanEnded
	kind := enum[event.SpanKind](event.SpanKind_name, "SPAN_KIND_")
	status := enum[event.StatusCode](event.StatusCode_name, "STATUS_CODE_")
	start := func(_ event.Event, s m) time.Time { return s.GetStartTime().AsTime() }
	return newDailyTable("spans", "start_time", start, []column[m]{
		value("trace_id", text, m.GetTraceId),
		value("span_id", text, m.GetSpanId),
		value("parent_span_id", text, m.GetParentSpanId),
		value("name", lowCardinality, m.GetName),
		value("kind", lowCardinality, func(s m) string { return kind(s.GetKind()) }),
		value("operation", lowCardinality, m.GetOperation),
		moment("start_time", nanoseconds, m.GetStartTime),
		moment("end_time", nanoseconds, m.GetEndTime),
		value("duration_ns", integer64, durationOf),
		optionalMoment("first_token_time", nanoseconds, m.GetFirstTokenTime),
		value("status", lowCardinality, func(s m) string { return status(s.GetStatus()) }),
		value("status_message", text, m.GetStatusMessage),
		value("provider", lowCardinality, m.GetProvider),
		value("model", lowCardinality, m.GetModel),
		value("input", text, m.GetInput),
		value("output", text, m.GetOutput),
		value("attributes", mapOf(text), func(s m) []pair[string] { return attributes(s.GetAttributes()) }),
		moments("events.time", nanoseconds, m.GetEvents, (*event.SpanEvent).GetTime),
		list("events.name", lowCardinality, m.GetEvents, (*event.SpanEvent).GetName),
		list("events.attributes", mapOf(text), m.GetEvents, func(e *event.SpanEvent) []pair[string] { return attributes(e.GetAttributes()) }),
		value("resource", mapOf(text), func(s m) []pair[string] { return pairs(s.GetResource()) }),
		value("thread_id", text, m.GetThreadId),
		value("query_id", text, m.GetQueryId),
	}, usageColumns(m.GetUsage), costColumns(m.GetCost), originColumns(m.GetOrigin))
}

// durationOf saturates where times are centuries apart; it is below zero where clocks went backwards.
func durationOf(s *event.SpanEnded) int64 {
	return s.GetEndTime().AsTime().Sub(s.GetStartTime().AsTime()).Nanoseconds()
}
