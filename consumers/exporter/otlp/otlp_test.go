package otlp_test

import (
	"encoding/hex"
	"flag"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/otlp"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	faults := map[tracetest.Fault]otlptest.Fault{
		tracetest.Throttle:     otlptest.Throttle(tracetest.RetryAfter),
		tracetest.Broken:       otlptest.Status(http.StatusInternalServerError),
		tracetest.BrokenAfter:  otlptest.BrokenAfter(),
		tracetest.Reset:        otlptest.Reset(),
		tracetest.Hang:         otlptest.Hang(),
		tracetest.Oversized:    otlptest.Status(http.StatusRequestEntityTooLarge),
		tracetest.Unauthorized: otlptest.Status(http.StatusUnauthorized),
		tracetest.BadEvent:     otlptest.Explained(http.StatusBadRequest, "span 3 has no name"),
	}
	for _, protocol := range []string{otlp.ProtocolHTTP, otlp.ProtocolGRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			tracetest.Run(t, func(t *testing.T) tracetest.Subject {
				c := otlptest.New(t)
				return tracetest.Subject{
					Backend: open(t, c, func(cfg *otlp.Config) {
						cfg.TimeoutMS = 500
						if cfg.Protocol = protocol; protocol == otlp.ProtocolGRPC {
							cfg.Endpoint = c.GRPC()
						}
					}),
					Stored: func() []string { return stored(c) },
					Fail:   func(f tracetest.Fault) { c.Fail(faults[f]) },
				}
			})
		})
	}
}

func TestAgentTraceIsSentAsTheConventionsSay(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, nil)
	_, err := b.Export(t.Context(), trace.Batch{Events: tracetest.AgentTrace()})
	require.NoError(t, err)
	requests, _ := c.Requests()
	require.Len(t, requests, 2)
	tracetest.Golden(t, *update, "agent_trace", requests[0])
	tracetest.Golden(t, *update, "agent_scores", requests[1])
}

func TestSameEventsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, nil)
	for range 2 {
		_, err := b.Export(t.Context(), trace.Batch{Events: tracetest.AgentTrace()})
		require.NoError(t, err)
	}
	requests, _ := c.Requests()
	require.True(t, proto.Equal(requests[0], requests[2]))
	require.True(t, proto.Equal(requests[1], requests[3]))
}

func TestTextsStayHereWhenContentIsOff(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, func(cfg *otlp.Config) { cfg.Content = false })
	_, err := b.Export(t.Context(), trace.Batch{Events: tracetest.AgentTrace()})
	require.NoError(t, err)
	requests, _ := c.Requests()
	for _, r := range requests {
		raw, err := protojson.Marshal(r)
		require.NoError(t, err)
		for _, secret := range []string{"guarantee", "Two years", "A-1", "Every sentence", "needed"} {
			require.NotContains(t, string(raw), secret)
		}
	}
}

func TestScoresBecomeSpansForCollectorsWithoutLogs(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, func(cfg *otlp.Config) { cfg.Scores = otlp.ScoresSpans })
	events := slices.Concat(tracetest.AgentTrace()[4:], []event.Event{
		event.New("test", &event.FeedbackGiven{QueryId: "query-2", Value: proto.Float64(1)}),
	})
	result, err := b.Export(t.Context(), trace.Batch{Events: events})
	require.NoError(t, err)
	require.Equal(t, []trace.Rejection{{Index: 3, Reason: "feedback without a trace id cannot become a span"}}, result.Rejected)
	require.Empty(t, c.Logs())
	spans := c.Spans()
	require.Len(t, spans, 3)
	require.Equal(t, "evaluate hallucination", spans[0].GetName())
	require.Equal(t, "b7ad6b7169203331", hex.EncodeToString(spans[0].GetParentSpanId()))
	require.NotEqual(t, spans[0].GetSpanId(), spans[1].GetSpanId())
}

func TestScoresCanBeLeftOut(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, func(cfg *otlp.Config) { cfg.Scores = otlp.ScoresOff })
	_, err := b.Export(t.Context(), trace.Batch{Events: tracetest.AgentTrace()[4:]})
	require.NoError(t, err)
	_, headers := c.Requests()
	require.Empty(t, headers)
}

func TestHeadersAndCompressionFollowTheSettings(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, func(cfg *otlp.Config) { cfg.Headers = "Authorization=Basic%20a2V5, x-team = red" })
	plain := open(t, c, func(cfg *otlp.Config) { cfg.Compression = "none" })
	for _, backend := range []*otlp.Backend{b, plain} {
		_, err := backend.Export(t.Context(), trace.Batch{Events: []event.Event{tracetest.Span(1)}})
		require.NoError(t, err)
	}
	_, headers := c.Requests()
	require.Equal(t, "Basic a2V5", headers[0].Get("Authorization"))
	require.Equal(t, "red", headers[0].Get("X-Team"))
	require.Equal(t, "gzip", headers[0].Get("Content-Encoding"))
	require.Empty(t, headers[1].Get("Content-Encoding"))
	require.Len(t, c.Spans(), 2)
}

func TestPartialSuccessNamesEventsOnlyWhenAllAreRefused(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	c.Partial(1, "attribute too long")
	b := open(t, c, nil)
	two := trace.Batch{Events: []event.Event{tracetest.Span(1), tracetest.Span(2)}}
	result, err := b.Export(t.Context(), two)
	require.NoError(t, err)
	require.Equal(t, trace.Result{Unnamed: 1, Note: "attribute too long"}, result)

	c.Partial(2, "too old")
	result, err = b.Export(t.Context(), two)
	require.NoError(t, err)
	require.Equal(t, []trace.Rejection{{Index: 0, Reason: "collector: too old"}, {Index: 1, Reason: "collector: too old"}}, result.Rejected)
}

func TestRedirectIsNotFollowedWithTheKey(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	c.Fail(otlptest.Status(http.StatusTemporaryRedirect, "Location", "http://127.0.0.1:1/v1/traces"))
	_, err := open(t, c, nil).Export(t.Context(), trace.Batch{Events: []event.Event{tracetest.Span(1)}})
	var blocked *trace.BlockedError
	require.ErrorAs(t, err, &blocked)
}

func TestCollectorThatIsAwayIsARetryWithoutTheKeyInItsText(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	b := open(t, c, func(cfg *otlp.Config) { cfg.TracesEndpoint = "http://127.0.0.1:1/v1/traces?key=secret" })
	_, err := b.Export(t.Context(), trace.Batch{Events: []event.Event{tracetest.Span(1)}})
	var retry *trace.RetryError
	require.ErrorAs(t, err, &retry)
	require.NotContains(t, err.Error(), "secret")
}

func TestSettingsAreExplained(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct {
		set  func(*otlp.Config)
		want string
	}{
		{func(c *otlp.Config) { c.Endpoint = "localhost:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318"},
		{func(c *otlp.Config) { c.Protocol = "http/json" }, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"},
		{func(c *otlp.Config) { c.Compression = "zstd" }, "OTEL_EXPORTER_OTLP_COMPRESSION=zstd"},
		{func(c *otlp.Config) { c.TimeoutMS = 0 }, "OTEL_EXPORTER_OTLP_TIMEOUT=0"},
		{func(c *otlp.Config) { c.Scores = "maybe" }, "RAGLINE_OTLP_SCORES=maybe"},
		{func(c *otlp.Config) { c.Headers = "a=b,secret" }, "OTEL_EXPORTER_OTLP_HEADERS: pair 2"},
	} {
		cfg := defaults()
		bad.set(&cfg)
		err := cfg.Validate()
		require.ErrorContains(t, err, bad.want)
		require.NotContains(t, err.Error(), "secret")
	}
}

func defaults() otlp.Config {
	return otlp.Config{Protocol: otlp.ProtocolHTTP, Compression: "gzip", TimeoutMS: 10_000, Scores: otlp.ScoresLogs, Content: true}
}

func open(t *testing.T, c *otlptest.Collector, change func(*otlp.Config)) *otlp.Backend {
	t.Helper()
	cfg := defaults()
	cfg.Endpoint = c.URL()
	if change != nil {
		change(&cfg)
	}
	b, err := otlp.New(cfg, otlp.Deps{Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// stored returns the ids of what a collector has.
func stored(c *otlptest.Collector) []string {
	var ids []string
	for _, s := range c.Spans() {
		ids = append(ids, hex.EncodeToString(s.GetSpanId()))
	}
	for _, l := range c.Logs() {
		ids = append(ids, attribute(l.GetAttributes(), "ragline.event.id"))
	}
	return ids
}

func attribute(list []*commonpb.KeyValue, name string) string {
	for _, kv := range list {
		if kv.GetKey() == name {
			return kv.GetValue().GetStringValue()
		}
	}
	return ""
}
