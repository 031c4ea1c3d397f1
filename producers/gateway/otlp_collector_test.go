package gateway_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// collector returns the program of an OpenTelemetry Collector, or skips.
func collector(t *testing.T) string {
	t.Helper()
	name := os.Getenv("RAGLINE_TEST_OTELCOL")
	if name == "" {
		name = "otelcol"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no OpenTelemetry Collector here: run `make test-otelcol`, which builds one, or install otelcol (any distribution with the otlp receiver and the otlp and otlphttp exporters) "+
			"or set RAGLINE_TEST_OTELCOL to its path (%v)", err)
	}
	return path
}

const collectorConfig = `
receivers:
  otlp: {protocols: {grpc: {endpoint: LISTEN}}}
exporters:
  otlphttp: {endpoint: "http://HTTP"}
  otlp: {endpoint: "GRPC", tls: {insecure: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlphttp, otlp]}
`

// TestCollectorSendsSpansIn puts a collector between an application and the gateway; it sends over HTTP and gRPC.
func TestCollectorSendsSpansIn(t *testing.T) {
	t.Parallel()
	program := collector(t)
	b := setup(t, withGRPC)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listen := free.Addr().String()
	require.NoError(t, free.Close())
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := strings.NewReplacer("LISTEN", listen, "HTTP", b.gateway.Addr(), "GRPC", b.gateway.OTLPGRPCAddr()).Replace(collectorConfig)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "--config", config)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())

	exporter, err := otlptracegrpc.New(context.WithoutCancel(t.Context()), otlptracegrpc.WithEndpoint(listen), otlptracegrpc.WithInsecure(), otlptracegrpc.WithTimeout(time.Minute),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: true, InitialInterval: 100 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: time.Minute}))
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter, sdktrace.WithExportTimeout(time.Minute)))
	_, span := provider.Tracer("app").Start(t.Context(), "chat gpt-5-mini")
	span.SetAttributes(attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.request.model", "gpt-5-mini"))
	span.End()
	require.NoError(t, provider.Shutdown(t.Context()))
	require.NoError(t, cmd.Process.Signal(os.Interrupt)) // it sends what it has, then ends
	require.NoError(t, cmd.Wait(), log.String())

	spans := b.all(t, topic.Spans)
	require.Len(t, spans, 2, log.String())
	require.Equal(t, spans[0].ID, spans[1].ID, "one span that came on two ways is one event")
	require.Equal(t, "gpt-5-mini", spans[0].Data.(*event.SpanEnded).GetModel())
}
