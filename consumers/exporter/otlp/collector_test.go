package otlp_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/otlp"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
)

const collectorConfig = `
receivers:
  otlp: {protocols: {grpc: {endpoint: ADDRESS_GRPC}, http: {endpoint: ADDRESS_HTTP}}}
exporters:
  otlphttp: {endpoint: "NEXT"}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlphttp]}
    logs: {receivers: [otlp], exporters: [otlphttp]}
`

// startCollector runs an OpenTelemetry Collector that passes on what it understands, and returns its addresses.
func startCollector(t *testing.T, next *otlptest.Collector) map[string]string {
	t.Helper()
	program, err := exec.LookPath(os.Getenv("RAGLINE_TEST_OTELCOL"))
	if err != nil {
		t.Skipf("no OpenTelemetry Collector here: run `make test-otelcol`, which builds one, or set RAGLINE_TEST_OTELCOL to the path of any distribution "+
			"with the otlp receiver and the otlphttp exporter (%v)", err)
	}
	addresses := map[string]string{otlp.ProtocolGRPC: free(t), otlp.ProtocolHTTP: free(t)}
	config := filepath.Join(t.TempDir(), "config.yaml")
	text := strings.NewReplacer("ADDRESS_GRPC", addresses[otlp.ProtocolGRPC], "ADDRESS_HTTP", addresses[otlp.ProtocolHTTP], "NEXT", next.URL()).Replace(collectorConfig)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	cmd := exec.Command(program, "--config", config)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(os.Interrupt))
		assert.NoError(t, cmd.Wait(), log.String())
	})
	return addresses
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// TestCollectorReceivesWhatWeSend sends a trace and its scores through a real collector and requires that what it passes on
// is what was sent, over either transport.
func TestCollectorReceivesWhatWeSend(t *testing.T) {
	t.Parallel()
	events := tracetest.AgentTrace()
	direct := otlptest.New(t)
	_, err := open(t, direct, nil).Export(t.Context(), trace.Batch{Events: events})
	require.NoError(t, err)

	next := otlptest.New(t)
	for protocol, address := range startCollector(t, next) {
		before, logs := len(next.Spans()), len(next.Logs())
		b := open(t, next, func(c *otlp.Config) { c.Protocol, c.Endpoint = protocol, "http://"+address })
		require.Eventually(t, func() bool { // until it listens
			_, err := b.Export(t.Context(), trace.Batch{Events: events})
			return err == nil
		}, time.Minute, 50*time.Millisecond)
		require.Eventually(t, func() bool {
			return len(next.Spans()) >= before+len(direct.Spans()) && len(next.Logs()) >= logs+len(direct.Logs())
		}, time.Minute, 10*time.Millisecond)
		for i, want := range direct.Spans() {
			require.True(t, proto.Equal(want, next.Spans()[before+i]), "%s: %v is not %v", protocol, next.Spans()[before+i], want)
		}
		for i, want := range direct.Logs() {
			require.True(t, proto.Equal(want, next.Logs()[logs+i]), "%s: %v is not %v", protocol, next.Logs()[logs+i], want)
		}
	}
}
