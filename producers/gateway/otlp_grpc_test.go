package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func withGRPC(cfg *gateway.Config) { cfg.OTLPGRPCAddr = "127.0.0.1:0" }

// dial connects to the gateway's gRPC address until the test ends.
func (b *bundle) dial(t *testing.T, opts ...grpc.DialOption) coltracepb.TraceServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(b.gateway.OTLPGRPCAddr(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return coltracepb.NewTraceServiceClient(conn)
}

// TestGoProgramWithTheOpenTelemetrySDKSendsSpansIn is an application that knows nothing of ragline but an endpoint.
func TestGoProgramWithTheOpenTelemetrySDKSendsSpansIn(t *testing.T) {
	t.Parallel()
	key := map[string]string{"authorization": "Bearer first-key-of-this-test"}
	for name, exporter := range map[string]func(b *bundle) (sdktrace.SpanExporter, error){
		"http": func(b *bundle) (sdktrace.SpanExporter, error) {
			return otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(b.url+"/v1/traces"), otlptracehttp.WithHeaders(key), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		},
		"grpc": func(b *bundle) (sdktrace.SpanExporter, error) {
			return otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(b.gateway.OTLPGRPCAddr()), otlptracegrpc.WithInsecure(), otlptracegrpc.WithHeaders(key), otlptracegrpc.WithCompressor(gzip.Name))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(cfg *gateway.Config) {
				withGRPC(cfg)
				cfg.APIKeys = []string{"first-key-of-this-test"}
			})
			sender, err := exporter(b)
			require.NoError(t, err)
			provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(sender))
			tracer := provider.Tracer("support-app")
			ctx, root := tracer.Start(t.Context(), "invoke_agent support")
			root.SetAttributes(attribute.String("gen_ai.operation.name", "invoke_agent"),
				attribute.String("gen_ai.input.messages", `[{"role": "user", "parts": [{"type": "text", "content": "What leak?"}]}]`),
				attribute.String("gen_ai.output.messages", `[{"role": "assistant", "parts": [{"type": "text", "content": "100 ppmv"}]}]`))
			_, chat := tracer.Start(ctx, "chat gpt-5-mini")
			chat.SetAttributes(attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.request.model", "gpt-5-mini"), attribute.Int("gen_ai.usage.input_tokens", 412))
			chat.End()
			root.End()
			require.NoError(t, provider.Shutdown(t.Context()))

			spans := b.all(t, topic.Spans)
			require.Len(t, spans, 2)
			require.Equal(t, root.SpanContext().TraceID().String(), spans[0].Data.(*event.SpanEnded).GetTraceId())
			require.Equal(t, "What leak?", b.last(t, topic.Interactions).Data.(*event.InteractionCaptured).GetQuestion())
		})
	}
}

func TestCallsOfGRPCAreRefusedInPart(t *testing.T) {
	t.Parallel()
	b := setup(t, withGRPC)
	noID := span(2, "x")
	noID.SpanId = nil
	answer, err := b.dial(t).Export(t.Context(), traces(span(1, "hello"), noID))
	require.NoError(t, err)
	require.EqualValues(t, 1, answer.GetPartialSuccess().GetRejectedSpans())
	require.Len(t, b.all(t, topic.Spans), 1)
	require.Contains(t, string(b.do(t, "GET", "/metrics", "").raw), `ragline_gateway_requests_total{code="OK",method="GRPC",route="/opentelemetry.proto.collector.trace.v1.TraceService/Export"} 1`)
}

func TestCallsOfGRPCNeedTheKeyAndTheHost(t *testing.T) {
	t.Parallel()
	guarded := setup(t, func(cfg *gateway.Config) {
		withGRPC(cfg)
		cfg.APIKeys, cfg.Rate = []string{"first-key-of-this-test"}, 0.01
	})
	client := guarded.dial(t)
	_, err := client.Export(t.Context(), traces())
	require.Equal(t, codes.Unauthenticated, grpcstatus.Code(err))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", "first-key-of-this-test")
	_, err = client.Export(ctx, traces())
	require.NoError(t, err)
	_, err = client.Export(ctx, traces())
	require.Equal(t, codes.ResourceExhausted, grpcstatus.Code(err))
	require.InDelta(t, 100, retryIn(t, err).Seconds(), 1)

	open := setup(t, withGRPC)
	_, err = open.dial(t, grpc.WithAuthority("rebound.example.com")).Export(t.Context(), traces())
	require.Equal(t, codes.PermissionDenied, grpcstatus.Code(err))
}

// retryIn is when the server wants to be asked again.
func retryIn(t *testing.T, err error) time.Duration {
	t.Helper()
	for _, detail := range grpcstatus.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	require.Fail(t, "no RetryInfo", "%v", err)
	return 0
}

func TestCallersOfGRPCAreToldToComeBack(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *gateway.Config) {
		withGRPC(cfg)
		small(cfg)
		cfg.OTLPTimeout = 10 * time.Minute
	})
	asked := b.refuseProduce()
	client := b.dial(t)
	req := traces(span(1, strings.Repeat("x", 40<<10)))
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := client.Export(ctx, req); first <- err }()
	<-asked
	_, err := client.Export(t.Context(), req)
	require.Equal(t, codes.ResourceExhausted, grpcstatus.Code(err))
	require.Equal(t, time.Second, retryIn(t, err))
	leave()
	require.Equal(t, codes.Canceled, grpcstatus.Code(<-first))

	b = setup(t, func(cfg *gateway.Config) {
		withGRPC(cfg)
		cfg.OTLPTimeout = 100 * time.Millisecond
	})
	b.refuseProduce()
	_, err = b.dial(t).Export(t.Context(), req)
	require.Equal(t, codes.Unavailable, grpcstatus.Code(err))
	require.Equal(t, 5*time.Second, retryIn(t, err))
}

func TestShutdownEndsBothServers(t *testing.T) {
	t.Parallel()
	b := setup(t, withGRPC)
	_, err := b.dial(t).Export(t.Context(), traces(span(1, "x")))
	require.NoError(t, err)
	require.NoError(t, b.stop())
}
