package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	collogspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const protobuf = "application/x-protobuf"

// span number n of a trace, with an input.
func span(n byte, input string) *tracepb.Span {
	return &tracepb.Span{
		TraceId: append(make([]byte, 15), 1), SpanId: append(make([]byte, 7), n), Name: "answer",
		StartTimeUnixNano: 1_763_990_400_000_000_000, EndTimeUnixNano: 1_763_990_401_000_000_000,
		Attributes: []*commonpb.KeyValue{text("openinference.span.kind", "AGENT"), text("input.value", input)},
	}
}

func text(name, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: name, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

func traces(spans ...*tracepb.Span) *coltracepb.ExportTraceServiceRequest {
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}}}}}
}

func wire(t *testing.T, m proto.Message) string {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return string(raw)
}

func packed(t *testing.T, body string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(body))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// status reads the body of a refused request.
func status(t *testing.T, r response) *rpcstatus.Status {
	t.Helper()
	require.Equal(t, protobuf, r.header.Get("Content-Type"))
	s := &rpcstatus.Status{}
	require.NoError(t, proto.Unmarshal(r.raw, s))
	require.NotEmpty(t, s.GetMessage())
	return s
}

func TestRecordedTraceOfAnAppReachesTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	body, err := os.ReadFile("../otlp/testdata/openinference.otlp.json")
	require.NoError(t, err)
	for range 2 { // an exporter that got no answer sends again
		r := b.do(t, "POST", "/v1/traces", string(body))
		require.Equal(t, http.StatusOK, r.status, string(r.raw))
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		require.JSONEq(t, `{}`, string(r.raw))
	}
	spans, ids := b.all(t, topic.Spans), map[string]int{}
	for _, e := range spans {
		require.Equal(t, "ragline/gateway", e.Source)
		ids[e.ID]++
	}
	require.Len(t, spans, 8)
	require.Len(t, ids, 4, "a span that is sent again is the same event")
	in := b.last(t, topic.Interactions)
	require.Equal(t, "API 624 accepts at most 100 ppmv.", in.Data.(*event.InteractionCaptured).GetAnswer())
	require.Len(t, in.Data.(*event.InteractionCaptured).GetSources(), 2)
	require.Contains(t, string(b.do(t, "GET", "/metrics", "").raw), `ragline_gateway_otlp_total{kind="span",outcome="stored"} 8`)
}

func TestPackedProtobufIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	r := b.do(t, "POST", "/v1/traces", packed(t, wire(t, traces(span(1, "hello")))), "Content-Type", protobuf, "Content-Encoding", "gzip")
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	require.Equal(t, protobuf, r.header.Get("Content-Type"))
	require.Empty(t, r.raw, "an empty response: nothing was refused")
	require.Equal(t, "hello", b.last(t, topic.Spans).Data.(*event.SpanEnded).GetInput())
}

func TestSpanThatIsTooLargeIsRefusedAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	noID := span(3, "x")
	noID.TraceId = nil
	r := b.do(t, "POST", "/v1/traces", wire(t, traces(span(1, "small"), span(2, strings.Repeat("x", event.MaxValueBytes)), noID)), "Content-Type", protobuf)
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	answer := &coltracepb.ExportTraceServiceResponse{}
	require.NoError(t, proto.Unmarshal(r.raw, answer))
	require.EqualValues(t, 2, answer.GetPartialSuccess().GetRejectedSpans())
	require.Contains(t, answer.GetPartialSuccess().GetErrorMessage(), "oversized")
	require.Contains(t, answer.GetPartialSuccess().GetErrorMessage(), "trace id")
	spans := b.all(t, topic.Spans)
	require.Len(t, spans, 1)
	require.Equal(t, "small", spans[0].Data.(*event.SpanEnded).GetInput())
}

func TestEvaluationResultsBecomeScores(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	scope := &logspb.ScopeLogs{LogRecords: []*logspb.LogRecord{
		{
			EventName: "gen_ai.evaluation.result", TraceId: append(make([]byte, 15), 1), TimeUnixNano: 1,
			Attributes: []*commonpb.KeyValue{text("gen_ai.evaluation.name", "tone"), text("gen_ai.evaluation.score.label", "kind")},
		},
		{Body: &commonpb.AnyValue{}},
	}}
	req := &collogspb.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{scope}}}}
	r := b.do(t, "POST", "/v1/logs", wire(t, req), "Content-Type", protobuf)
	require.Equal(t, http.StatusOK, r.status, string(r.raw))
	answer := &collogspb.ExportLogsServiceResponse{}
	require.NoError(t, proto.Unmarshal(r.raw, answer))
	require.EqualValues(t, 1, answer.GetPartialSuccess().GetRejectedLogRecords())
	require.Equal(t, "kind", b.last(t, topic.Scores).Data.(*event.ScoreGiven).GetLabel())
}

func TestOTLPRequestsThatCannotBeReadAreFinal(t *testing.T) {
	t.Parallel()
	b := setup(t, small)
	large := wire(t, traces(span(1, strings.Repeat("x", 65<<10))))
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
	}{
		"not protobuf": {"\xff\xff", nil, 400},
		"not gzip":     {"hello", []string{"Content-Encoding", "gzip"}, 400},
		"other packer": {"hello", []string{"Content-Encoding", "zstd"}, 415},
		"large":        {large, nil, 413},
		"bomb":         {packed(t, strings.Repeat(large, 20)), []string{"Content-Encoding", "gzip"}, 413},
	} {
		r := b.do(t, "POST", "/v1/traces", c.body, append([]string{"Content-Type", protobuf}, c.headers...)...)
		require.Equal(t, c.status, r.status, "%s: %s", name, r.raw)
		status(t, r)
	}
	r := b.do(t, "POST", "/v1/traces", `{"resourceSpans": {}}`)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.InDelta(t, 3, r.fields["code"], 0, "INVALID_ARGUMENT")
	require.Equal(t, http.StatusUnsupportedMediaType, b.do(t, "POST", "/v1/traces", "x", "Content-Type", "text/plain").status)
}

func TestKeysGuardOTLPToo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) { cfg.APIKeys = []string{"first-key-of-this-test"} })
	body := wire(t, traces(span(1, "x")))
	r := b.do(t, "POST", "/v1/traces", body, "Content-Type", protobuf)
	require.Equal(t, http.StatusUnauthorized, r.status)
	require.EqualValues(t, 16, status(t, r).GetCode())
	require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
	r = b.do(t, "POST", "/v1/traces", body, "Content-Type", protobuf, "Authorization", "Bearer first-key-of-this-test")
	require.Equal(t, http.StatusOK, r.status)
}

// refuseProduce makes Kafka take nothing, and says when it was asked.
func (b *bundle) refuseProduce() <-chan struct{} {
	asked := make(chan struct{}, 1)
	b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		select {
		case asked <- struct{}{}:
		default:
		}
		return nil, errors.New("away"), true
	})
	return asked
}

// small makes the buffer hold one request.
func small(cfg *gateway.Config) { cfg.OTLPMaxBody, cfg.OTLPBuffer = 64<<10, 64<<10 }

func TestSendersAreToldToComeBackWhileTheBufferIsFull(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) {
		small(cfg)
		cfg.OTLPTimeout = 10 * time.Minute
	})
	asked := b.refuseProduce()
	body := wire(t, traces(span(1, strings.Repeat("x", 40<<10))))
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/v1/traces", strings.NewReader(body))
		if err == nil {
			req.Header.Set("Content-Type", protobuf)
			_, err = b.http.Do(req) //nolint:bodyclose // it is cancelled before there is one
		}
		first <- err
	}()
	<-asked // it waits for Kafka, and holds its bytes
	r := b.do(t, "POST", "/v1/traces", body, "Content-Type", protobuf)
	require.Equal(t, http.StatusTooManyRequests, r.status, string(r.raw))
	require.Equal(t, "1", r.header.Get("Retry-After"))
	require.EqualValues(t, 8, status(t, r).GetCode())
	leave()
	require.ErrorIs(t, <-first, context.Canceled)
}

func TestSpansAreTakenWhenKafkaHasThem(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) {
		small(cfg)
		cfg.OTLPTimeout = 100 * time.Millisecond
	})
	b.refuseProduce()
	body := wire(t, traces(span(1, strings.Repeat("x", 40<<10))))
	for range 2 { // the bytes of the first are given back
		r := b.do(t, "POST", "/v1/traces", body, "Content-Type", protobuf)
		require.Equal(t, http.StatusServiceUnavailable, r.status, string(r.raw))
		require.Equal(t, "5", r.header.Get("Retry-After"))
		require.EqualValues(t, 14, status(t, r).GetCode())
	}
}

func TestSpansAreMaskedBeforeTheLog(t *testing.T) {
	t.Parallel()
	b := setupMasked(t, mask.Config{SpanInput: mask.Mask, Interactions: mask.Mask}, nil)
	s := span(1, "I am bob@example.com")
	s.Attributes = append(s.Attributes, text("output.value", "Hello"))
	require.Equal(t, http.StatusOK, b.do(t, "POST", "/v1/traces", wire(t, traces(s)), "Content-Type", protobuf).status)
	require.Equal(t, "I am [EMAIL]", b.last(t, topic.Spans).Data.(*event.SpanEnded).GetInput())
	require.Equal(t, "I am [EMAIL]", b.last(t, topic.Interactions).Data.(*event.InteractionCaptured).GetQuestion())
}
