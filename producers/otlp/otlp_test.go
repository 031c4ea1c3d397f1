package otlp_test

import (
	"encoding/hex"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/schemas/event"
)

const start = 1_763_990_400_000_000_000

func unhex(t testing.TB, digits string) string {
	t.Helper()
	raw, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return string(raw)
}

// attributes of pairs; an int, a float64 or a string each.
func attributes(pairs ...any) []*commonpb.KeyValue {
	var all []*commonpb.KeyValue
	for i := 0; i < len(pairs); i += 2 {
		v := &commonpb.AnyValue{}
		switch value := pairs[i+1].(type) {
		case string:
			v.Value = &commonpb.AnyValue_StringValue{StringValue: value}
		case int:
			v.Value = &commonpb.AnyValue_IntValue{IntValue: int64(value)}
		case float64:
			v.Value = &commonpb.AnyValue_DoubleValue{DoubleValue: value}
		}
		all = append(all, &commonpb.KeyValue{Key: pairs[i].(string), Value: v})
	}
	return all
}

// span number n of trace one, below parent; 0 is no parent.
func span(n, parent byte, pairs ...any) *tracepb.Span {
	s := &tracepb.Span{
		TraceId: append(make([]byte, 15), 1), SpanId: append(make([]byte, 7), n), Name: "work",
		StartTimeUnixNano: start + uint64(n), EndTimeUnixNano: start + 1000, Attributes: attributes(pairs...),
	}
	if parent != 0 {
		s.ParentSpanId = append(make([]byte, 7), parent)
	}
	return s
}

func request(spans ...*tracepb.Span) *coltracepb.ExportTraceServiceRequest {
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource: &resourcepb.Resource{}, ScopeSpans: []*tracepb.ScopeSpans{{Scope: &commonpb.InstrumentationScope{Name: "app"}, Spans: spans}},
	}}}
}

func one(t *testing.T, s *tracepb.Span) *event.SpanEnded {
	t.Helper()
	batch := reader().Traces(request(s))
	require.Empty(t, batch.Refused)
	require.Len(t, batch.Events, 1)
	return batch.Events[0].Message.(*event.SpanEnded)
}

func TestSpanSentAgainHasTheSameID(t *testing.T) {
	t.Parallel()
	first, again := reader().Traces(request(span(1, 0))), reader().Traces(request(span(2, 0), span(1, 0)))
	require.Equal(t, first.Events[0].ID, again.Events[1].ID)
	require.NotEqual(t, first.Events[0].ID, again.Events[0].ID)
	other := otlp.Reader{Tenant: "other"}.Traces(request(span(1, 0)))
	require.NotEqual(t, first.Events[0].ID, other.Events[0].ID, "another tenant's span is another span")
	require.Equal(t, "e6b4d40e-1d03-5353-a780-44ad1be9ee99", first.Events[0].ID, "ids must never change: what is on the log has them")
}

func TestBadSpansAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	noTrace, zeroSpan, noEnd, farStart := span(1, 0), span(2, 0), span(3, 0), span(4, 0)
	noTrace.TraceId = nil
	zeroSpan.SpanId = make([]byte, 8)
	noEnd.EndTimeUnixNano = 0
	farStart.StartTimeUnixNano = math.MaxUint64
	batch := reader().Traces(request(noTrace, span(5, 0), zeroSpan, noEnd, farStart))
	require.Len(t, batch.Events, 1)
	require.Len(t, batch.Refused, 4)
	for i, want := range []error{otlp.ErrTraceID, otlp.ErrSpanID, otlp.ErrTime, otlp.ErrTime} {
		require.ErrorIs(t, batch.Refused[i], want)
	}
}

func TestOwnExportIsRefused(t *testing.T) {
	t.Parallel()
	for tenant, refused := range map[string]int{"acme": 1, "other": 0} {
		req := request(span(1, 0))
		req.ResourceSpans[0].Resource.Attributes = attributes("ragline.tenant", tenant)
		req.ResourceSpans[0].ScopeSpans[0].Scope.Name = "github.com/ragline/ragline/consumers/exporter"
		batch := reader().Traces(req)
		require.Len(t, batch.Refused, refused, tenant)
	}
}

func TestKindsOfEachFamily(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		kind        event.SpanKind
		operation   string
	}{
		{"openinference.span.kind", "CHAIN", event.SpanKind_SPAN_KIND_AGENT, ""},
		{"openinference.span.kind", "RERANKER", event.SpanKind_SPAN_KIND_RETRIEVAL, "retrieval"},
		{"openinference.span.kind", "GUARDRAIL", event.SpanKind_SPAN_KIND_VALIDATION, ""},
		{"gen_ai.operation.name", "invoke_agent", event.SpanKind_SPAN_KIND_AGENT, "invoke_agent"},
		{"gen_ai.operation.name", "embeddings", event.SpanKind_SPAN_KIND_EMBEDDING, "embeddings"},
		{"traceloop.span.kind", "tool", event.SpanKind_SPAN_KIND_TOOL, "execute_tool"},
		{"langfuse.observation.type", "generation", event.SpanKind_SPAN_KIND_LLM, "chat"},
		{"llm.request.type", "completion", event.SpanKind_SPAN_KIND_LLM, "text_completion"},
		{"ragline.span.kind", "DECISION", event.SpanKind_SPAN_KIND_DECISION, ""},
		{"gen_ai.tool.name", "search", event.SpanKind_SPAN_KIND_TOOL, "execute_tool"},
		{"http.route", "/chat", event.SpanKind_SPAN_KIND_UNSPECIFIED, ""},
	} {
		s := one(t, span(1, 0, c.name, c.value))
		require.Equal(t, c.kind, s.GetKind(), "%s=%s", c.name, c.value)
		require.Equal(t, c.operation, s.GetOperation(), "%s=%s", c.name, c.value)
	}
}

func TestPartsBeyondTheirTotalWereCountedBesideIt(t *testing.T) {
	t.Parallel()
	u := one(t, span(1, 0, "gen_ai.usage.input_tokens", 10, "gen_ai.usage.cache_read_input_tokens", 90, "gen_ai.usage.output_tokens", "7")).GetUsage()
	require.EqualValues(t, 100, u.GetInputTokens())
	require.EqualValues(t, 7, u.GetOutputTokens())
	require.Nil(t, one(t, span(1, 0)).GetUsage(), "nothing said is not zero")
}

func TestCostIsExactAndOnlyWhatWasSaid(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 1_230_000_000, one(t, span(1, 0, "llm.cost.total", 0.00123)).GetCost().GetPicoUsd())
	require.EqualValues(t, 7, one(t, span(1, 0, "ragline.cost.pico_usd", 7)).GetCost().GetPicoUsd())
	require.EqualValues(t, 2_000_000_000, one(t, span(1, 0, "langfuse.observation.cost_details", `{"total":0.002}`)).GetCost().GetPicoUsd())
	for _, odd := range []float64{math.NaN(), math.Inf(1), -1, 1e9} {
		s := one(t, span(1, 0, "gen_ai.usage.cost", odd))
		require.Nil(t, s.GetCost())
		require.Contains(t, s.GetAttributes(), "gen_ai.usage.cost", "what no field can hold stays where it was")
	}
}

func TestNamesOfOneSpanAreSharedInTheTrace(t *testing.T) {
	t.Parallel()
	batch := reader().Traces(request(span(2, 1), span(1, 0, "user.id", "u", "session.id", "s", "gen_ai.conversation.id", "t")))
	for _, e := range batch.Events {
		s := e.Message.(*event.SpanEnded)
		require.Equal(t, "u", s.GetOrigin().GetUserId())
		require.Equal(t, "s", s.GetOrigin().GetSessionId())
		require.Equal(t, "t", s.GetThreadId())
	}
}

func TestEventIsNeverInTheFuture(t *testing.T) {
	t.Parallel()
	s := span(1, 0)
	s.EndTimeUnixNano = math.MaxInt64
	batch := reader().Traces(request(s))
	require.Equal(t, 2027, batch.Events[0].Time.Year())
	require.Equal(t, 2262, batch.Events[0].Message.(*event.SpanEnded).GetEndTime().AsTime().Year())
}

func TestEvaluationsBecomeScores(t *testing.T) {
	t.Parallel()
	record := func(pairs ...any) *logspb.LogRecord {
		return &logspb.LogRecord{EventName: "gen_ai.evaluation.result", TimeUnixNano: start, TraceId: append(make([]byte, 15), 1), SpanId: append(make([]byte, 7), 2), Attributes: attributes(pairs...)}
	}
	noTrace := record("gen_ai.evaluation.name", "x")
	noTrace.TraceId = nil
	req := &collogspb.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{{LogRecords: []*logspb.LogRecord{
		record("gen_ai.evaluation.name", "relevance", "gen_ai.evaluation.score.value", 0.5, "gen_ai.evaluation.score.label", "so so", "gen_ai.evaluation.explanation", "half of it"),
		record("gen_ai.evaluation.name", "relevance", "error.type", "timeout"),
		record(), noTrace,
		{Body: &commonpb.AnyValue{}},
	}}}}}}
	batch := reader().Logs(req)
	require.Len(t, batch.Events, 2)
	s := batch.Events[0].Message.(*event.ScoreGiven)
	require.NoError(t, event.Validate(s))
	require.InDelta(t, 0.5, s.GetValue(), 0)
	require.Equal(t, event.ScoreState_SCORE_STATE_OK, s.GetState())
	require.Equal(t, "0000000000000002", s.GetSpanId())
	require.Equal(t, time.Unix(0, start).UTC(), batch.Events[0].Time)
	require.Equal(t, event.ScoreState_SCORE_STATE_ERROR, batch.Events[1].Message.(*event.ScoreGiven).GetState())
	require.Len(t, batch.Refused, 3)
	require.ErrorIs(t, batch.Refused[0], otlp.ErrNoName)
	require.ErrorIs(t, batch.Refused[1], otlp.ErrTraceID)
	require.ErrorIs(t, batch.Refused[2], otlp.ErrNoEvaluation)
}
