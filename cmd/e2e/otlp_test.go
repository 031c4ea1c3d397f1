package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestSpansOfAnotherAgentAreStoredAndEvaluated is an application with an agent of its own: it knows the OpenTelemetry
// SDK and an endpoint, nothing of ragline.
func TestSpansOfAnotherAgentAreStoredAndEvaluated(t *testing.T) {
	t.Parallel()
	grpcAddr := freeAddr(t)
	s := newSystem(t, "RAGLINE_GATEWAY_OTLP_GRPC_ADDR="+grpcAddr, "RAGLINE_MASK_SPAN_INPUT=mask", "RAGLINE_MASK_INTERACTIONS=mask")
	s.requireEngine()
	p := s.start()
	p.ready(t)

	overHTTP, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL("http://"+s.gateway+"/v1/traces"), otlptracehttp.WithTimeout(time.Minute))
	require.NoError(t, err)
	overGRPC, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(grpcAddr), otlptracegrpc.WithInsecure(), otlptracegrpc.WithTimeout(time.Minute))
	require.NoError(t, err)
	for name, exporter := range map[string]sdktrace.SpanExporter{"http": overHTTP, "grpc": overGRPC} {
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
		traceID := answerAsAnotherAgent(t, provider.Tracer("support-app"))
		require.NoError(t, provider.Shutdown(t.Context()), name)
		t.Run("spans are rows: "+name, func(t *testing.T) { s.in(t).waitSpans(p, traceID) })
		t.Run("the answer is evaluated: "+name, func(t *testing.T) { s.in(t).waitScores(p, traceID) })
	}
	p.stop(t)
}

// answerAsAnotherAgent records what an agent with instrumented libraries records, and returns its trace.
func answerAsAnotherAgent(t *testing.T, tracer trace.Tracer) string {
	t.Helper()
	ctx, root := tracer.Start(t.Context(), "answer", trace.WithAttributes(
		attribute.String("openinference.span.kind", "AGENT"), attribute.String("user.id", "user-7"),
		attribute.String("input.value", "What leak does API 624 accept? Write to bob@example.com."),
		attribute.String("output.value", "API 624 accepts at most 100 ppmv.")))
	span := func(name string, attributes ...attribute.KeyValue) {
		_, child := tracer.Start(ctx, name, trace.WithAttributes(attributes...))
		child.End()
	}
	span("search", attribute.String("openinference.span.kind", "RETRIEVER"),
		attribute.String("retrieval.documents.0.document.id", "api-624"),
		attribute.String("retrieval.documents.0.document.content", "API 624 accepts a leak of at most 100 ppmv."))
	span("chat", attribute.String("openinference.span.kind", "LLM"), attribute.String("llm.model_name", "gpt-5-mini"),
		attribute.Int("llm.token_count.prompt", 412), attribute.Float64("llm.cost.total", 0.00123))
	root.End()
	return root.SpanContext().TraceID().String()
}

// spanRow is what ClickHouse has of a span.
type spanRow struct {
	Kind        string  `ch:"kind"`
	Input       string  `ch:"input"`
	Model       string  `ch:"model"`
	UserID      string  `ch:"user_id"`
	InputTokens int64   `ch:"input_tokens"`
	Cost        float64 `ch:"cost"`
}

func (s *system) waitSpans(p *process, traceID string) {
	s.t.Helper()
	w := s.analyst()
	var rows []spanRow
	require.Eventually(s.t, func() bool {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		rows = nil
		err := w.Select(ctx, &rows, "SELECT kind, input, model, user_id, input_tokens, toFloat64(ifNull(cost, 0)) AS cost FROM spans WHERE trace_id = ? ORDER BY kind", traceID)
		return err == nil && len(rows) == 3
	}, 2*time.Minute, 200*time.Millisecond, p.text())
	require.Equal(s.t, spanRow{Kind: "agent", Input: "What leak does API 624 accept? Write to [EMAIL].", UserID: "user-7"}, rows[0])
	require.Equal(s.t, spanRow{Kind: "llm", Model: "gpt-5-mini", UserID: "user-7", InputTokens: 412, Cost: 0.00123}, rows[1])
	require.Equal(s.t, spanRow{Kind: "retrieval", UserID: "user-7"}, rows[2])
}

// waitScores waits for the evaluators' verdicts on the interaction of the trace.
func (s *system) waitScores(p *process, traceID string) {
	s.t.Helper()
	w := s.analyst()
	var rows []struct {
		Name  string   `ch:"name"`
		Value *float64 `ch:"value"`
	}
	require.Eventually(s.t, func() bool {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		rows = nil
		err := w.Select(ctx, &rows, "SELECT name, value FROM scores WHERE trace_id = ? ORDER BY name", traceID)
		return err == nil && len(rows) >= 4
	}, 2*time.Minute, 200*time.Millisecond, p.text())
	for _, row := range rows {
		if row.Name == "grounding" {
			require.NotNil(s.t, row.Value, "the retrieved document came with the trace")
			return
		}
	}
	require.Fail(s.t, "no grounding score", "%v", rows)
}
