package stream_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// backlog publishes n questions to a topic of six partitions.
func backlog(b *testing.B, n int) *streamtest.Cluster {
	b.Helper()
	cluster := streamtest.NewCluster(b, streamtest.Topic(topic.Queries, 6), streamtest.Topic(topic.Answers, 6))
	for start := 0; start < n; start += 10_000 {
		var events []event.Event
		for range min(10_000, n-start) {
			events = append(events, query(event.NewID(), "What does a coating cost?"))
		}
		streamtest.Publish(b, cluster.Broker, events...)
	}
	return cluster
}

// BenchmarkConsumer includes the fake broker, which shares the cores.
func BenchmarkConsumer(b *testing.B) {
	for name, handle := range map[string]func(context.Context, event.Event, stream.Emitter) error{
		"nothing emitted": nil,
		"one emitted":     answer,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			cluster := backlog(b, b.N)
			var handled atomic.Int64
			all := make(chan struct{})
			h := stream.Route(group, stream.On(func(ctx context.Context, e event.Event, _ *event.QueryAsked, out stream.Emitter) error {
				if handled.Add(1) == int64(b.N) {
					close(all)
				}
				if handle == nil {
					return nil
				}
				return handle(ctx, e, out)
			}))
			c, err := stream.NewConsumer(streamtest.Config(b), streamtest.Deps(cluster.Broker), []string{topic.Queries}, h)
			require.NoError(b, err)
			b.ResetTimer()
			stop := streamtest.Start(b, c.Run)
			<-all
			require.NoError(b, stop())
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
