package otlp_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter/otlp"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
)

// BenchmarkExport maps, packs and compresses requests of 500 spans; the network is left out.
func BenchmarkExport(b *testing.B) {
	var events []event.Event
	for len(events) < 500 {
		events = append(events, tracetest.AgentTrace()[:4]...)
	}
	cfg := defaults()
	backend, err := otlp.New(cfg, otlp.Deps{Transport: sinkhole{}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := backend.Export(b.Context(), trace.Batch{Events: events})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "spans/s")
}

// sinkhole answers every request with an empty success.
type sinkhole struct{}

func (sinkhole) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: http.NoBody, Request: r}, nil
}
