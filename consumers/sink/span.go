package sink

import (
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// span is span.ended as the columns read it, filled from the message or straight from its bytes (spanwire.go).
// Nearly all records are spans, so this is where the sink's time goes.
type span struct {
	traceID, spanID, parentSpanID              string
	name, operation, statusMessage, provider   string
	model, input, output, threadID, queryID    string
	userID, sessionID, environment, priceTable string
	kind                                       event.SpanKind
	status                                     event.StatusCode
	start, end, firstToken                     stamp
	inputTokens, outputTokens, cacheReadTokens int64
	cacheCreationTokens, reasoningTokens       int64
	picoUSD                                    int64
	priced                                     bool
	tags                                       []string
	attributes, resource                       []pair[string]
	events                                     []spanEvent
}

type spanEvent struct {
	time       stamp
	name       string
	attributes []pair[string]
}

// stamp is a protobuf timestamp by value.
type stamp struct {
	seconds int64
	nanos   int32
	set     bool
}

func stampOf(has bool, seconds int64, nanos int32) stamp { return stamp{seconds, nanos, has} }

func (s stamp) time() time.Time { return time.Unix(s.seconds, int64(s.nanos)).UTC() }

func spanOf(m *event.SpanEnded) *span {
	usage, cost, origin := m.GetUsage(), m.GetCost(), m.GetOrigin()
	s := &span{
		traceID: m.GetTraceId(), spanID: m.GetSpanId(), parentSpanID: m.GetParentSpanId(),
		name: m.GetName(), kind: m.GetKind(), operation: m.GetOperation(),
		status: m.GetStatus(), statusMessage: m.GetStatusMessage(), provider: m.GetProvider(), model: m.GetModel(),
		input: m.GetInput(), output: m.GetOutput(), threadID: m.GetThreadId(), queryID: m.GetQueryId(),
		userID: origin.GetUserId(), sessionID: origin.GetSessionId(), environment: origin.GetEnvironment(), tags: origin.GetTags(),
		inputTokens: usage.GetInputTokens(), outputTokens: usage.GetOutputTokens(), cacheReadTokens: usage.GetCacheReadInputTokens(),
		cacheCreationTokens: usage.GetCacheCreationInputTokens(), reasoningTokens: usage.GetReasoningOutputTokens(),
		priced: cost != nil, picoUSD: cost.GetPicoUsd(), priceTable: cost.GetPriceTable(),
		attributes: attributes(m.GetAttributes()), resource: pairs(m.GetResource()),
	}
	s.start = stampOf(m.GetStartTime() != nil, m.GetStartTime().GetSeconds(), m.GetStartTime().GetNanos())
	s.end = stampOf(m.GetEndTime() != nil, m.GetEndTime().GetSeconds(), m.GetEndTime().GetNanos())
	s.firstToken = stampOf(m.GetFirstTokenTime() != nil, m.GetFirstTokenTime().GetSeconds(), m.GetFirstTokenTime().GetNanos())
	for _, e := range m.GetEvents() {
		at := stampOf(e.GetTime() != nil, e.GetTime().GetSeconds(), e.GetTime().GetNanos())
		s.events = append(s.events, spanEvent{at, e.GetName(), attributes(e.GetAttributes())})
	}
	return s
}
