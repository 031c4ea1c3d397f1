package bench

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/producers/broker"
)

// BenchmarkHandleBatch reads records of 2,000 spans, maps, packs and compresses them; the network is left out.
func BenchmarkHandleBatch(b *testing.B) {
	batches, err := records(500)
	require.NoError(b, err)
	for _, backend := range []string{"langfuse", "langsmith", "otlp"} {
		b.Run(backend, func(b *testing.B) {
			cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: settings(backend, "http://127.0.0.1:1")})
			require.NoError(b, err)
			kafka, err := broker.New(broker.Config{Brokers: []string{"127.0.0.1:1"}, ReplicationFactor: -1}, nil) // never reached
			require.NoError(b, err)
			exporters, err := exporter.New(cfg, exporter.Deps{Broker: kafka, Version: "bench", Transport: sinkhole{}})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				for _, work := range batches {
					require.NoError(b, exporters[0].HandleBatch(b.Context(), work))
				}
			}
			b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}

// sinkhole answers every request with an empty object.
type sinkhole struct{}

func (sinkhole) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}
