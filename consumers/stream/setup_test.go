package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const group = "agent"

// bundle is a fake Kafka with one partition of queries and of answers, and what consumers of it are given.
type bundle struct {
	*streamtest.Cluster
	cfg     stream.Config
	deps    stream.Deps
	metrics *prometheus.Registry
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return setupPartitions(t, 1)
}

func setupPartitions(t *testing.T, partitions int32) *bundle {
	t.Helper()
	b := &bundle{
		Cluster: streamtest.NewCluster(t, streamtest.Topic(topic.Queries, partitions), streamtest.Topic(topic.Answers, 1), streamtest.Topic(topic.Reviews, 1)),
		cfg:     streamtest.Config(t), metrics: prometheus.NewRegistry(),
	}
	b.deps = streamtest.Deps(b.Broker)
	b.deps.Registerer = b.metrics
	return b
}

// start runs h on queries, or on topics.
func (b *bundle) start(t *testing.T, h stream.Handler, topics ...string) (stop func() error) {
	t.Helper()
	if len(topics) == 0 {
		topics = []string{topic.Queries}
	}
	c, err := stream.NewConsumer(b.cfg, b.deps, topics, h)
	require.NoError(t, err)
	return streamtest.Start(t, c.Run)
}

func (b *bundle) publish(t *testing.T, events ...event.Event) {
	t.Helper()
	streamtest.Publish(t, b.Broker, events...)
}

// committed waits for the offset of the only partition of queries.
func (b *bundle) awaitCommitted(t *testing.T, offset int64) {
	t.Helper()
	b.AwaitCommitted(t, group, topic.Queries, 0, offset)
}

// deadLetters returns the dead letters of the group so far.
func (b *bundle) deadLetters(t *testing.T) []stream.DeadLetter {
	t.Helper()
	var found []stream.DeadLetter
	for _, r := range streamtest.ReadRecords(t, b.Broker, topic.DeadLetters(group)) {
		d, ok := stream.ParseDeadLetter(r)
		require.True(t, ok)
		found = append(found, d)
	}
	return found
}

// metric returns the sum of a family over all labels.
func (b *bundle) metric(t *testing.T, name string) float64 {
	t.Helper()
	families, err := b.metrics.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func query(thread, text string) event.Event {
	return event.New("test", &event.QueryAsked{Text: text, ThreadId: thread})
}

// queries returns n questions of one thread.
func queries(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = query("t", "q")
	}
	return events
}

// answer emits one answer for each query.
func answer(_ context.Context, e event.Event, out stream.Emitter) error {
	out.Emit(&event.AnswerGiven{QueryId: e.ID, ThreadId: e.Key})
	return nil
}

func recorder(then func(context.Context, event.Event, stream.Emitter) error) *streamtest.Recorder {
	return &streamtest.Recorder{Group: group, Then: then}
}

// eventually waits for what should happen. A slow machine makes tests slow, not red.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 2*time.Millisecond, what)
}
