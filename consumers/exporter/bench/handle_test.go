package bench

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/topic"
)

// BenchmarkHandleBatch reads records of 2,000 spans, maps, packs and compresses them; the network is left out.
func BenchmarkHandleBatch(b *testing.B) {
	batches, err := records(500)
	require.NoError(b, err)
	for _, backend := range []string{"langfuse", "langsmith", "otlp"} {
		b.Run(backend, func(b *testing.B) {
			x := open(b, backend, sinkhole{})
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				for _, work := range batches {
					require.NoError(b, x.HandleBatch(b.Context(), work))
				}
			}
			perCPU(b, before)
		})
	}
}

// BenchmarkFloor is what no encoder can save: reading the records of 2,000 spans, and packing the requests to LangSmith that
// they become.
func BenchmarkFloor(b *testing.B) {
	batches, err := records(500)
	require.NoError(b, err)
	b.Run("decode", func(b *testing.B) {
		before := cpu()
		for b.Loop() {
			for _, work := range batches {
				for _, r := range work.Records {
					_, err := topic.Decode(r)
					require.NoError(b, err)
				}
			}
		}
		perCPU(b, before)
	})
	b.Run("zstd", func(b *testing.B) {
		sent := &recorder{}
		x := open(b, "langsmith", sent)
		for _, work := range batches {
			require.NoError(b, x.HandleBatch(b.Context(), work))
		}
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
		require.NoError(b, err)
		decoder, err := zstd.NewReader(nil)
		require.NoError(b, err)
		defer decoder.Close()
		var bodies [][]byte
		for _, packed := range sent.bodies {
			body, err := decoder.DecodeAll(packed, nil)
			require.NoError(b, err)
			bodies = append(bodies, body)
		}
		var packed []byte
		before := cpu()
		for b.Loop() {
			for _, body := range bodies {
				packed = encoder.EncodeAll(body, packed[:0])
			}
		}
		perCPU(b, before)
	})
}

// perCPU reports spans per CPU second, which other work on the machine changes less than their time.
func perCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(2000*b.N)/(cpu()-before).Seconds(), "spans/CPU-s")
}

func open(b *testing.B, backend string, transport http.RoundTripper) *exporter.Exporter {
	b.Helper()
	cfg, err := env.ParseAsWithOptions[exporter.Config](env.Options{Environment: settings(backend, "http://127.0.0.1:1")})
	require.NoError(b, err)
	kafka, err := broker.New(broker.Config{Brokers: []string{"127.0.0.1:1"}, ReplicationFactor: -1}, nil) // never reached
	require.NoError(b, err)
	exporters, err := exporter.New(cfg, exporter.Deps{Broker: kafka, Version: "bench", Transport: transport})
	require.NoError(b, err)
	return exporters[0]
}

// recorder keeps the bodies of requests.
type recorder struct {
	sinkhole
	bodies [][]byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.bodies = append(r.bodies, body)
	return r.sinkhole.RoundTrip(req)
}

// sinkhole answers every request with an empty object.
type sinkhole struct{}

func (sinkhole) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}
