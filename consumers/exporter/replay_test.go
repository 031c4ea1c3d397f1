package exporter_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/exporter/langfuse/langfusetest"
	"github.com/ragline/ragline/consumers/exporter/langsmith/langsmithtest"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// replay runs a replay of the log of b to a target until it ends.
func replay(ctx context.Context, t *testing.T, b *bundle, tg target, r *exporter.Replay) error {
	t.Helper()
	deps := exporter.Deps{Broker: b.cluster.Broker, Version: "test"}
	running := streamtest.Config(t)
	running.BatchMaxRecords, running.ShutdownTimeout = 5, time.Second
	return r.Run(ctx, config(t, tg.settings...), deps, running, stream.Deps{Broker: b.cluster.Broker, Version: "test"})
}

func TestReplayFillsABackendAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	b := setup(t, "none")
	events, cost := traces(0, 30)
	streamtest.Publish(t, b.cluster.Broker, events...)
	s := langfusetest.New(t, "4.16.0")
	tg := langfuseTargetOn(s, "otlp")

	plan, err := (&exporter.Replay{Name: "langfuse-new"}).Plan(t.Context(), exporter.Deps{Broker: b.cluster.Broker})
	require.NoError(t, err)
	require.False(t, plan.Resumes)
	require.EqualValues(t, len(events), plan.Total())
	require.Empty(t, s.Rows())

	stopped, stop := context.WithCancel(t.Context())
	first := &exporter.Replay{Name: "langfuse-new", Progress: func(done, _ int64) {
		if done > 20 {
			stop()
		}
	}}
	require.ErrorIs(t, replay(stopped, t, b, tg, first), context.Canceled)

	var last, total int64
	second := &exporter.Replay{Name: "langfuse-new", From: time.Now(), Progress: func(done, of int64) { last, total = done, of }}
	plan, err = second.Plan(t.Context(), exporter.Deps{Broker: b.cluster.Broker})
	require.NoError(t, err)
	require.True(t, plan.Resumes)
	require.Less(t, plan.Total(), int64(len(events)))
	require.NoError(t, replay(t.Context(), t, b, tg, second))
	require.Equal(t, total, last)
	require.Less(t, total, int64(len(events)))
	tg.requireOnce(t, events, cost)

	scores, _ := s.Scores()
	for _, score := range scores {
		require.WithinDuration(t, events[3].Time, score.Time, time.Minute) // its own time
	}
	require.NoError(t, replay(t.Context(), t, b, tg, &exporter.Replay{Name: "langfuse-new"})) // nothing is left
	tg.requireOnce(t, events, cost)
}

func TestReplayDoesNotBeginWhereKafkaDoesNotSayWhere(t *testing.T) {
	t.Parallel()
	b := setup(t, "none")
	events, _ := traces(0, 3)
	streamtest.Publish(t, b.cluster.Broker, events...)
	plan := func() (exporter.Plan, error) {
		return (&exporter.Replay{Name: "langfuse-new"}).Plan(t.Context(), exporter.Deps{Broker: b.cluster.Broker})
	}
	b.cluster.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: topic.Spans, Count: 1, Err: kerr.UnknownServerError})
	_, err := plan()
	require.ErrorIs(t, err, kerr.UnknownServerError, "its spans would be passed over for ever")
	whole, err := plan()
	require.NoError(t, err)
	require.EqualValues(t, len(events), whole.Total())
}

func TestReplayNeedsABackendThatExists(t *testing.T) {
	t.Parallel()
	b := setup(t, "none")
	_, err := (&exporter.Replay{Name: "phoenix"}).Plan(t.Context(), exporter.Deps{Broker: b.cluster.Broker})
	require.EqualError(t, err, `replay to "phoenix": the name has to begin with that of a backend: langfuse, langsmith, otlp`)
	_, err = (&exporter.Replay{Name: "memory"}).Plan(t.Context(), exporter.Deps{Broker: b.cluster.Broker})
	require.ErrorIs(t, err, exporter.ErrNoReplay)
}

func TestReconcileShowsTheHourInWhichABackendLacksASpan(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (target, func(event.Event)){
		"langfuse": func(t *testing.T) (target, func(event.Event)) {
			s := langfusetest.New(t, "4.16.0")
			return langfuseTargetOn(s, "otlp"), func(e event.Event) { s.Lose(spanID(e)) }
		},
		"langfuse 3": func(t *testing.T) (target, func(event.Event)) {
			s := langfusetest.New(t, "3.225.4")
			return langfuseTargetOn(s, "otlp"), func(e event.Event) { s.Lose(spanID(e)) }
		},
		"langfuse legacy": func(t *testing.T) (target, func(event.Event)) {
			s := langfusetest.New(t, "2.95.12")
			return langfuseTargetOn(s, "legacy"), func(e event.Event) { s.Lose(spanID(e)) }
		},
		"langsmith": func(t *testing.T) (target, func(event.Event)) {
			s := langsmithtest.New(t)
			return langsmithTargetOn(s), func(e event.Event) { s.Lose(e.Data.(*event.SpanEnded).GetName()) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg, lose := open(t)
			b := targetSetup(t, tg)
			b.run(t)
			events, cost := traces(0, 10)
			streamtest.Publish(t, b.cluster.Broker, events...)
			tg.requireOnce(t, events, cost)
			lose(events[0])

			cfg := config(t, append([]string{"OBSERVABILITY_BACKEND=memory,otlp," + tg.backend}, tg.settings...)...)
			from := tracetest.Start().Add(-time.Hour)
			counts, unasked, err := exporter.Reconcile(t.Context(), cfg, exporter.Deps{Broker: b.cluster.Broker}, from, from.Add(3*time.Hour))
			require.NoError(t, err)
			require.Equal(t, []string{"memory", "otlp"}, unasked)
			var logged, there []int64
			for _, c := range counts {
				logged, there = append(logged, c.Log), append(there, c.Backends[tg.backend])
				require.NotContains(t, c.Backends, "otlp")
			}
			require.Equal(t, []int64{0, 30, 0, 0}, logged)
			require.Equal(t, []int64{0, 29, 0, 0}, there)
		})
	}
}

func TestCheckNamesEachBackendThatIsElsewhere(t *testing.T) {
	t.Parallel()
	langFuse, langSmith := langfuseTarget(t, "4.16.0", "otlp"), langsmithTarget(t)
	for _, grpc := range []bool{false, true} {
		settings := slices.Concat([]string{"OBSERVABILITY_BACKEND=memory,langfuse,langsmith,otlp"}, langFuse.settings, langSmith.settings, otlpTarget(t, grpc).settings)
		checked, err := exporter.Check(t.Context(), config(t, settings...))
		require.NoError(t, err)
		require.Len(t, checked, 3)
		for i, want := range []string{"LangFuse 4.16.0", "LangSmith 0.11.0", "127.0.0.1"} {
			require.NoError(t, checked[i].Err)
			require.Contains(t, checked[i].Found, want)
		}
	}
	checked, err := exporter.Check(t.Context(), config(t, append([]string{"OBSERVABILITY_BACKEND=langsmith"}, langFuse.settings...)...))
	require.NoError(t, err)
	require.ErrorContains(t, checked[0].Err, "LANGSMITH_API_KEY is empty")
}
