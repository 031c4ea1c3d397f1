package exporter_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/exporter/memory"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const wait, tick = 30 * time.Second, 5 * time.Millisecond

func TestTraceReachesEveryBackendOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "memory,otlp")
	b.run(t)
	events := tracetest.AgentTrace()
	streamtest.Publish(t, b.cluster.Broker, events...)

	store, ok := exporter.BackendOf[*memory.Store](b.exporters)
	require.True(t, ok)
	require.Eventually(t, func() bool {
		tr, _ := store.Trace(tracetest.TraceID)
		return len(tr.Spans) == 4 && len(tr.Scores) == 2 && len(tr.Feedback) == 1
	}, wait, tick)
	require.Eventually(t, func() bool { return len(b.collector.Spans()) >= 4 && len(b.collector.Logs()) >= 3 }, wait, tick)
	require.ElementsMatch(t, spanIDs(events[:4]), b.arrived())
	require.Len(t, b.collector.Logs(), 3)
}

func TestBackendThatHangsDelaysNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, "memory,otlp", "OTEL_EXPORTER_OTLP_TIMEOUT=600000")
	b.collector.Fail(otlptest.Hang())
	stops := b.run(t)
	streamtest.Publish(t, b.cluster.Broker, tracetest.AgentTrace()[:4]...)
	store, _ := exporter.BackendOf[*memory.Store](b.exporters)
	require.Eventually(t, func() bool { _, ok := store.Trace(tracetest.TraceID); return ok }, wait, tick)
	require.Empty(t, b.collector.Spans())
	for _, stop := range stops {
		require.NoError(t, stop())
	}
}

// TestBackendThatHangsHoldsABatchOfEachPartition bounds what a backend that never answers keeps in memory: a request and a
// batch of each partition, however much comes in, while the backend beside it takes everything.
func TestBackendThatHangsHoldsABatchOfEachPartition(t *testing.T) {
	t.Parallel()
	const maxEvents, maxBytes = 10, 1000 // of an event of this test
	b := setup(t, "memory,otlp", "OTEL_EXPORTER_OTLP_TIMEOUT=600000", fmt.Sprintf("RAGLINE_EXPORTER_MAX_EVENTS=%d", maxEvents))
	for range 100 {
		b.collector.Fail(otlptest.Hang())
	}
	store, _ := exporter.BackendOf[*memory.Store](b.exporters)
	partitions := 0
	for _, name := range []string{topic.Spans, topic.Scores} {
		known, _ := topic.Get(name)
		partitions += int(known.Partitions)
	}
	backlog, _ := traces(0, 500)
	streamtest.Publish(t, b.cluster.Broker, backlog...)
	stops := b.run(t)
	for round := range 10 {
		events, _ := traces(500+round*50, 50)
		streamtest.Publish(t, b.cluster.Broker, events...)
		last := events[len(events)-2].Data.(*event.SpanEnded)
		require.Eventually(t, func() bool { tr, _ := store.Trace(last.GetTraceId()); return len(tr.Spans) == 3 }, wait, tick)
		_, headers := b.collector.Requests()
		require.LessOrEqual(t, len(headers), partitions)
		require.LessOrEqual(t, b.metric(t, "ragline_exporter_held_bytes", "exporter-otlp"), partitions*2*maxEvents*maxBytes)
	}
	require.Positive(t, b.metric(t, "ragline_exporter_held_bytes", "exporter-otlp"))
	require.Empty(t, b.collector.Spans())
	for _, stop := range stops {
		require.NoError(t, stop())
	}
}

func TestWhatTheLastProcessLeftIsSentByTheNext(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp", "OTEL_EXPORTER_OTLP_TIMEOUT=600000")
	events := tracetest.AgentTrace()[:4]
	b.collector.Fail(otlptest.Hang())
	stop := b.run(t)[0]
	streamtest.Publish(t, b.cluster.Broker, events...)
	require.Eventually(t, func() bool { _, headers := b.collector.Requests(); return len(headers) == 1 }, wait, tick)
	require.NoError(t, stop()) // in the middle of a request

	b.run(t)
	require.Eventually(t, func() bool { return len(b.collector.Spans()) == len(events) }, wait, tick)
	require.ElementsMatch(t, spanIDs(events), b.arrived())
}

func TestBackendsAreNamedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "memory, MEMORY")
	require.Len(t, b.exporters, 1)
	require.Equal(t, "exporter-memory", b.exporters[0].Name())
	require.Empty(t, setup(t, "none").exporters)
	require.EqualError(t, config(t, "OBSERVABILITY_BACKEND=langfuze").Validate(),
		`OBSERVABILITY_BACKEND=langfuze: "langfuze" is unknown, allowed are memory, langfuse, langsmith, otlp and none`)
}

func TestSettingsOfOtherBackendsAreNotLookedAt(t *testing.T) {
	t.Parallel()
	require.NoError(t, config(t, "OTEL_EXPORTER_OTLP_ENDPOINT=nonsense").Validate())
	require.ErrorContains(t, config(t, "OBSERVABILITY_BACKEND=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=nonsense").Validate(), "OTEL_EXPORTER_OTLP_ENDPOINT=nonsense")
	require.ErrorContains(t, config(t, "RAGLINE_EXPORTER_MAX_EVENTS=0").Validate(), "RAGLINE_EXPORTER_MAX_EVENTS=0")
	require.ErrorContains(t, config(t, "RAGLINE_EXPORTER_MAX_BYTES=1").Validate(), "RAGLINE_EXPORTER_MAX_BYTES=1")
}
