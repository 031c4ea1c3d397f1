package tracetest

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// TraceID is the trace of AgentTrace.
const TraceID = "0af7651916cd43dd8448eb211c80319c"

// Start is when AgentTrace begins.
func Start() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 589_793_238, time.UTC) }

// AgentTrace is one answer of an agent: the agent's span, a retrieval, a model call and a tool call, with a score
// of zero, a score that failed, and a feedback. It is the same at each call.
func AgentTrace() []event.Event {
	return []event.Event{
		sample(1, agentSpan()), sample(2, retrievalSpan()), sample(3, modelSpan()), sample(4, toolSpan()),
		sample(5, &event.ScoreGiven{
			TraceId: TraceID, SpanId: "b7ad6b7169203331", Name: "hallucination", Value: proto.Float64(0), Label: "grounded",
			Explanation: "Every sentence has a source.", State: event.ScoreState_SCORE_STATE_OK, Passed: true,
			Evaluator: "hallucination", EvaluatorVersion: "1.2.0", QueryId: "query-1", ThreadId: "thread-1",
		}),
		sample(6, &event.ScoreGiven{TraceId: TraceID, Name: "relevance", State: event.ScoreState_SCORE_STATE_ERROR, Evaluator: "relevance", EvaluatorVersion: "1.0.0"}),
		sample(7, &event.FeedbackGiven{
			TraceId: TraceID, QueryId: "query-1", ThreadId: "thread-1", Value: proto.Float64(1), Comment: "Just what I needed.",
			Channel: "console", Origin: origin(),
		}),
	}
}

// BatchOf is a batch of the events as the exporter would make it, with the paths that their spans give each other.
func BatchOf(events ...event.Event) trace.Batch {
	spans := map[trace.SpanKey]*event.SpanEnded{}
	for _, e := range events {
		if s, ok := e.Data.(*event.SpanEnded); ok {
			spans[trace.KeyOf(s)] = s
		}
	}
	b := trace.Batch{Events: events, Paths: trace.Paths{}}
	for key, s := range spans {
		path := trace.Path{}
		parent := s.GetParentSpanId()
		for up := spans[trace.SpanKey{TraceID: key.TraceID, SpanID: parent}]; up != nil; up = spans[trace.SpanKey{TraceID: key.TraceID, SpanID: parent}] {
			path.Steps = append([]trace.Step{{SpanID: parent, Start: up.GetStartTime().AsTime()}}, path.Steps...)
			parent = up.GetParentSpanId()
		}
		path.Whole = parent == ""
		b.Paths[key] = path
	}
	return b
}

// Span is a small span of another trace; n makes it unlike the others.
func Span(n int) event.Event {
	return sample(1000+n, &event.SpanEnded{
		TraceId: fmt.Sprintf("%032x", 0xabc000+n), SpanId: fmt.Sprintf("%016x", 0xdef000+n), Name: fmt.Sprintf("span %d", n),
		StartTime: at(0), EndTime: at(time.Millisecond),
	})
}

func sample(n int, data proto.Message) event.Event {
	return event.Event{
		ID: fmt.Sprintf("0195930e-0000-7000-8000-%012d", n), Type: event.TypeOf(data), Source: "ragline/agent",
		Tenant: event.DefaultTenant, Time: Start().Add(4 * time.Second), Key: event.KeyOf(data), Data: data,
	}
}

func agentSpan() *event.SpanEnded {
	s := span("b7ad6b7169203331", "", "invoke_agent support", "invoke_agent", event.SpanKind_SPAN_KIND_AGENT, 0, 3*time.Second)
	s.Input, s.Output = "How long is the guarantee?", "Two years [1]."
	s.Attributes = map[string]*event.AttributeValue{"gen_ai.agent.name": text("support")}
	s.Origin.Tags = []string{"web", "beta"}
	return s
}

func retrievalSpan() *event.SpanEnded {
	s := span("00f067aa0ba902b7", "b7ad6b7169203331", "retrieval documents", "retrieval", event.SpanKind_SPAN_KIND_RETRIEVAL, 10*time.Millisecond, 40*time.Millisecond)
	s.Input, s.Output = "guarantee", `[{"id":"terms","score":7.5}]`
	s.Attributes = map[string]*event.AttributeValue{
		"gen_ai.data_source.id": text("documents"),
		"ragline.retrieval.k":   {Value: &event.AttributeValue_IntValue{IntValue: 5}},
	}
	return s
}

func modelSpan() *event.SpanEnded {
	s := span("53995c3f42cd8ad8", "b7ad6b7169203331", "chat gpt-5-mini", "chat", event.SpanKind_SPAN_KIND_LLM, 50*time.Millisecond, 2*time.Second)
	s.Provider, s.Model = "openai", "gpt-5-mini-2026-01-01"
	s.Input = `[{"role":"user","parts":[{"type":"text","content":"How long is the guarantee?"}]}]`
	s.Output = "Two years [1]."
	s.Usage = &event.Usage{InputTokens: 1000, OutputTokens: 500, CacheReadInputTokens: 200, ReasoningOutputTokens: 50}
	s.Cost = &event.Cost{PicoUsd: 1_250_000_000, PriceTable: "2026-01"}
	s.FirstTokenTime = at(300 * time.Millisecond)
	s.Attributes = map[string]*event.AttributeValue{
		"gen_ai.request.model":           text("gpt-5-mini"),
		"gen_ai.request.temperature":     {Value: &event.AttributeValue_DoubleValue{DoubleValue: 0.2}},
		"gen_ai.request.stream":          {Value: &event.AttributeValue_BoolValue{BoolValue: true}},
		"gen_ai.response.finish_reasons": {Value: &event.AttributeValue_JsonValue{JsonValue: `["stop"]`}},
	}
	s.Events = []*event.SpanEvent{{Time: at(300 * time.Millisecond), Name: "first_token", Attributes: map[string]*event.AttributeValue{"n": {Value: &event.AttributeValue_IntValue{IntValue: 1}}}}}
	return s
}

func toolSpan() *event.SpanEnded {
	s := span("9c2f1e0d7b6a5948", "b7ad6b7169203331", "execute_tool lookup_order", "execute_tool", event.SpanKind_SPAN_KIND_TOOL, 2100*time.Millisecond, 2200*time.Millisecond)
	s.Input, s.Output = `{"order":"A-1"}`, ""
	s.Status, s.StatusMessage = event.StatusCode_STATUS_CODE_ERROR, "order not found"
	s.Attributes = map[string]*event.AttributeValue{"gen_ai.tool.name": text("lookup_order"), "error.type": text("not_found")}
	return s
}

func span(id, parent, name, operation string, kind event.SpanKind, from, to time.Duration) *event.SpanEnded {
	return &event.SpanEnded{
		TraceId: TraceID, SpanId: id, ParentSpanId: parent, Name: name, Operation: operation, Kind: kind,
		StartTime: at(from), EndTime: at(to), Status: event.StatusCode_STATUS_CODE_OK,
		Resource: map[string]string{"service.name": "ragline-agent", "service.version": "0.1.0"},
		ThreadId: "thread-1", QueryId: "query-1", Origin: origin(),
	}
}

func origin() *event.Origin {
	return &event.Origin{UserId: "user-1", SessionId: "session-1", Environment: "production"}
}

func at(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(Start().Add(d)) }

func text(s string) *event.AttributeValue {
	return &event.AttributeValue{Value: &event.AttributeValue_StringValue{StringValue: s}}
}
