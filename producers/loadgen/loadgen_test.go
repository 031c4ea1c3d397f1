package loadgen_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/loadgen"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder keeps what was published and fails when it is told to.
type recorder struct {
	events []event.Event
	fail   error
}

func (r *recorder) Publish(_ context.Context, events ...event.Event) error {
	if r.fail != nil {
		return r.fail
	}
	r.events = append(r.events, events...)
	return nil
}

func defaults(t testing.TB) loadgen.Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[loadgen.Config](env.Options{Environment: map[string]string{}})
	require.NoError(t, err)
	return cfg
}

func generate(t *testing.T, cfg loadgen.Config, questions ...string) []event.Event {
	t.Helper()
	var r recorder
	_, err := loadgen.Run(t.Context(), cfg, questions, &r, nil)
	require.NoError(t, err)
	return r.events
}

func TestSameSeedGivesTheSameEvents(t *testing.T) {
	t.Parallel()
	first, second := generate(t, defaults(t)), generate(t, defaults(t))
	require.Len(t, first, 600)
	require.Len(t, second, 600)
	for i := range first {
		require.True(t, proto.Equal(first[i].Data, second[i].Data))
		first[i].Data, second[i].Data = nil, nil
		require.Equal(t, first[i], second[i])
	}
	cfg := defaults(t)
	cfg.Seed = 2
	require.NotEqual(t, first[0].ID, generate(t, cfg)[0].ID)
	cfg = defaults(t)
	cfg.Batch = 7
	require.Equal(t, first[599].ID, generate(t, cfg)[599].ID, "batches do not change the events")
}

func TestEventsAreValidUniqueAndCounted(t *testing.T) {
	t.Parallel()
	cfg := defaults(t)
	cfg.TextBytes = 2000
	ids, counts := map[string]bool{}, map[string]int{}
	previous := ""
	for _, e := range generate(t, cfg) {
		require.NoError(t, event.Validate(e.Data))
		require.False(t, ids[e.ID])
		ids[e.ID] = true
		require.GreaterOrEqual(t, e.ID[:13], previous)
		previous = e.ID[:13]
		counts[e.Type]++
		if i, ok := e.Data.(*event.InteractionCaptured); ok {
			require.Len(t, i.GetSources()[0].GetText(), 2000)
		}
	}
	require.Equal(t, map[string]int{"query.asked.v1": 100, "interaction.captured.v1": 100, "span.ended.v1": 400}, counts)
}

func TestSpansFormWholeTraces(t *testing.T) {
	t.Parallel()
	cfg := defaults(t)
	cfg.Queries, cfg.Interactions = 0, 0
	traces := map[string][]*event.SpanEnded{}
	for _, e := range generate(t, cfg) {
		s := e.Data.(*event.SpanEnded)
		traces[s.GetTraceId()] = append(traces[s.GetTraceId()], s)
	}
	require.Len(t, traces, 100)
	for _, spans := range traces {
		require.Len(t, spans, 4)
		root := spans[3]
		require.Empty(t, root.GetParentSpanId())
		require.Equal(t, event.SpanKind_SPAN_KIND_AGENT, root.GetKind())
		for _, child := range spans[:3] {
			require.Equal(t, root.GetSpanId(), child.GetParentSpanId())
			require.False(t, child.GetStartTime().AsTime().Before(root.GetStartTime().AsTime()))
			require.False(t, child.GetEndTime().AsTime().After(root.GetEndTime().AsTime()))
		}
	}
}

func TestQuestionsOfTheCallerAreAsked(t *testing.T) {
	t.Parallel()
	cfg := defaults(t)
	cfg.Interactions, cfg.Spans, cfg.Threads = 0, 0, 1
	threads := map[string]bool{}
	for _, e := range generate(t, cfg, "one?", "two?") {
		q := e.Data.(*event.QueryAsked)
		require.Contains(t, []string{"one?", "two?"}, q.GetText())
		threads[q.GetThreadId()] = true
	}
	require.Len(t, threads, 1)
}

func TestRunReportsWhatIsAcknowledged(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	defer cluster.Close()
	b, err := broker.New(broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, b.EnsureTopics(t.Context(), topic.All()...))
	publisher, err := b.Publisher()
	require.NoError(t, err)
	defer publisher.Close()

	reports := 0
	stats, err := loadgen.Run(t.Context(), defaults(t), nil, publisher, func(loadgen.Stats) { reports++ })
	require.NoError(t, err)
	require.Equal(t, 600, stats.Total)
	require.Equal(t, 2, reports)
	require.Positive(t, stats.PerSecond())
	read := 0
	require.NoError(t, b.Follow(t.Context(), broker.FollowConfig{Topics: []string{topic.Queries, topic.Interactions, topic.Spans}, Stop: true}, func(r event.Record) error {
		_, err := topic.Decode(r)
		read++
		return err
	}))
	require.Equal(t, 600, read)
}

func TestRunStopsWithTheContextAndWithKafka(t *testing.T) {
	t.Parallel()
	cfg := defaults(t)
	cfg.Rate = 20
	ctx, cancel := context.WithCancel(t.Context())
	stats, err := loadgen.Run(ctx, cfg, nil, &recorder{}, func(s loadgen.Stats) {
		if s.Total >= 4 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, stats.Total, 600)

	away := errors.New("away")
	stats, err = loadgen.Run(t.Context(), defaults(t), nil, &recorder{fail: away}, nil)
	require.ErrorIs(t, err, away)
	require.Zero(t, stats.Total)
}

func TestConfigNamesTheVariable(t *testing.T) {
	t.Parallel()
	require.NoError(t, defaults(t).Validate())
	for want, change := range map[string]func(*loadgen.Config){
		"RAGLINE_LOADGEN_QUERIES":     func(c *loadgen.Config) { c.Queries = -1 },
		"RAGLINE_LOADGEN_BATCH":       func(c *loadgen.Config) { c.Batch = 0 },
		"RAGLINE_LOADGEN_THREADS":     func(c *loadgen.Config) { c.Threads = 0 },
		"RAGLINE_LOADGEN_TEXT_BYTES":  func(c *loadgen.Config) { c.TextBytes = 1 << 20 },
		"RAGLINE_LOADGEN_RATE":        func(c *loadgen.Config) { c.Rate = math.NaN() },
		"RAGLINE_LOADGEN_UNSUPPORTED": func(c *loadgen.Config) { c.Unsupported = 2 },
		"RAGLINE_LOADGEN_START":       func(c *loadgen.Config) { c.Start = time.Time{} },
		"RAGLINE_LOADGEN_TENANT":      func(c *loadgen.Config) { c.Tenant = "two words" },
	} {
		cfg := defaults(t)
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

func BenchmarkTraffic(b *testing.B) {
	b.ReportAllocs()
	cfg := defaults(b)
	cfg.Queries, cfg.Interactions, cfg.Spans = 0, 0, 100_000_000
	traffic, err := loadgen.New(cfg, nil)
	require.NoError(b, err)
	for b.Loop() {
		if _, ok := traffic.Next(); !ok {
			b.Fatal("the traffic ended")
		}
	}
}
