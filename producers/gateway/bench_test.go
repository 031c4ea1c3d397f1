package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/producers/otlp"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/topic"
)

// BenchmarkTraces takes requests of 512 recorded spans until Kafka has acknowledged them, broker included. ns/op is for
// one span.
func BenchmarkTraces(b *testing.B) {
	recorded, err := os.ReadFile("../otlp/testdata/openinference.otlp.json")
	require.NoError(b, err)
	req, err := otlp.DecodeTraces(recorded, otlp.JSON)
	require.NoError(b, err)
	const batch = 512
	for n := 1; n < batch/4; n++ {
		again := proto.Clone(req.GetResourceSpans()[0]).(*tracepb.ResourceSpans)
		for _, scope := range again.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				s.TraceId[0] = byte(n)
			}
		}
		req.ResourceSpans = append(req.ResourceSpans, again)
	}
	body, err := proto.Marshal(req)
	require.NoError(b, err)
	for name, masking := range map[string]mask.Config{
		"plain":  {},
		"masked": {SpanInput: mask.Mask, SpanOutput: mask.Mask, SpanAttributes: mask.Mask, Interactions: mask.Mask},
	} {
		b.Run(name, func(b *testing.B) {
			handler := serving(b, masking)
			b.ReportMetric(float64(len(body))/batch, "bytes/span")
			b.ReportAllocs()
			for done := 0; done < b.N; done += batch {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/traces", strings.NewReader(string(body)))
				r.Header.Set("Content-Type", protobuf)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				require.Equal(b, http.StatusOK, w.Code, w.Body.String())
			}
		})
	}
}

// serving is a gateway without its own listener.
func serving(b *testing.B, masking mask.Config) http.Handler {
	b.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(b, err)
	b.Cleanup(cluster.Close)
	quiet := slog.New(slog.DiscardHandler)
	br, err := broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, quiet)
	require.NoError(b, err)
	require.NoError(b, br.EnsureTopics(context.Background(), topic.All()...))
	client, err := sdk.Open(context.Background(), sdk.Config{Mask: masking}, sdk.WithBroker(br))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, client.Close()) })
	cfg, err := env.ParseAsWithOptions[gateway.Config](env.Options{Environment: map[string]string{}})
	require.NoError(b, err)
	g, err := gateway.New(cfg, gateway.Deps{Client: client, Logger: quiet})
	require.NoError(b, err)
	return g.Handler()
}
