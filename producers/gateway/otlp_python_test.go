package gateway_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// pythonWith returns a Python that has a module, or skips: RAGLINE_TEST_PYTHON, or else python3.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	python := os.Getenv("RAGLINE_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import "+module).CombinedOutput(); err != nil {
		t.Skipf("%s has no %s: run `pip install opentelemetry-sdk opentelemetry-exporter-otlp` in a virtual environment "+
			"and set RAGLINE_TEST_PYTHON to its python (%v %.200s)", python, module, err, out)
	}
	return python
}

func TestPythonProgramWithTheOpenTelemetrySDKSendsSpansIn(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			python := pythonWith(t, "opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto."+transport+".trace_exporter")
			b := setup(t, withGRPC)
			endpoint := b.url
			if transport == "grpc" {
				endpoint = "http://" + b.gateway.OTLPGRPCAddr()
			}
			cmd := exec.CommandContext(t.Context(), python, "testdata/otel_app.py", transport)
			cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Len(t, b.all(t, topic.Spans), 2, string(out))
			in := b.last(t, topic.Interactions).Data.(*event.InteractionCaptured)
			require.Equal(t, "What leak does API 624 accept?", in.GetQuestion())
			require.Len(t, in.GetSources(), 1)
		})
	}
}
