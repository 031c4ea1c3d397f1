package exporter_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/consumers/exporter/langfuse/langfusetest"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/event"
)

// traces are n traces of three spans, children first as they end, and a score each, numbered from first. Their model
// calls cost their number in picodollars, and a dollar.
func traces(first, n int) (events []event.Event, cost int64) {
	for i := first; i < first+n; i++ {
		traceID, root := fmt.Sprintf("%032x", 0xaaa0000+i), fmt.Sprintf("%016x", 0xb000000+i*4)
		start := tracetest.Start().Add(time.Duration(i) * time.Millisecond)
		span := func(ordinal int, parent string) *event.SpanEnded {
			return &event.SpanEnded{
				TraceId: traceID, SpanId: fmt.Sprintf("%016x", 0xb000000+i*4+ordinal), ParentSpanId: parent, Name: fmt.Sprintf("span %d.%d", i, ordinal),
				StartTime: timestamppb.New(start.Add(time.Duration(ordinal) * time.Microsecond)), EndTime: timestamppb.New(start.Add(time.Second)),
				Input: "question", Output: "answer", Origin: &event.Origin{UserId: "user", SessionId: "session", Environment: "test"},
			}
		}
		model, step, agent := span(2, fmt.Sprintf("%016x", 0xb000000+i*4+1)), span(1, root), span(0, "")
		model.Kind, model.Model, model.Operation = event.SpanKind_SPAN_KIND_LLM, "m", "chat"
		model.Cost = &event.Cost{PicoUsd: 1_000_000_000_000 + int64(i)}
		cost += model.Cost.PicoUsd
		agent.Kind = event.SpanKind_SPAN_KIND_AGENT
		score := &event.ScoreGiven{TraceId: traceID, Name: "relevance", Value: proto.Float64(0.5), EvaluatorVersion: "1"}
		for _, data := range []proto.Message{model, step, agent, score} {
			events = append(events, event.New("test", data))
		}
	}
	return events, cost
}

func idsOfSpans(events []event.Event) []string {
	var ids []string
	for _, e := range events {
		if s, ok := e.Data.(*event.SpanEnded); ok {
			ids = append(ids, s.GetSpanId())
		}
	}
	return ids
}

// requireOnce waits until every span and score is there, and requires each span once and the exact cost.
func (tg target) requireOnce(t *testing.T, events []event.Event, cost int64) {
	t.Helper()
	want := idsOfSpans(events)
	var copies map[string]int
	var have int64
	ok := assert.Eventually(t, func() bool {
		copies, have = tg.stored(t)
		return len(copies) >= len(want) && tg.scored() >= len(events)-len(want)
	}, 2*wait, 20*time.Millisecond)
	require.True(t, ok, "%d of %d spans and %d of %d scores are there", len(copies), len(want), tg.scored(), len(events)-len(want))
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(copies)))
	if tg.repeats {
		return
	}
	for id, n := range copies {
		require.Equal(t, 1, n, "span %s", id)
	}
	require.Equal(t, cost, have)
}

// targetSetup opens the exporter of a target on a fake Kafka.
func targetSetup(t *testing.T, tg target) *bundle {
	t.Helper()
	return setup(t, tg.backend, tg.settings...)
}

func TestEverySpanArrivesOnceUnderFaults(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := open(t)
			b := targetSetup(t, tg)
			var all []event.Event
			var cost int64
			for round, faults := range [][]tracetest.Fault{
				{tracetest.Broken},
				{tracetest.BrokenAfter},
				{tracetest.Reset},
				{tracetest.Oversized, tracetest.Reset},
				{tracetest.Throttle},
				{tracetest.BrokenAfter, tracetest.Reset},
			} {
				events, usd := traces(round*10, 10)
				all, cost = append(all, events...), cost+usd
				tg.fail(faults...)
				if tg.hide != nil && round%2 == 1 {
					tg.hide(1) // the backend shows late what it took
				}
				b.deliver(t, events)
			}
			tg.requireOnce(t, all, cost)
		})
	}
}

// deliver hands the events over, spans and scores apart, until they are settled; time flies in between.
func (b *bundle) deliver(t *testing.T, events []event.Event) {
	t.Helper()
	var spans, scores []event.Event
	for _, e := range events {
		if _, ok := e.Data.(*event.SpanEnded); ok {
			spans = append(spans, e)
		} else {
			scores = append(scores, e)
		}
	}
	for _, part := range [][]event.Event{spans, scores} {
		work := batch(t, part...)
		for try := 0; ; try++ {
			err := b.handle(t, work)
			if err == nil {
				break
			}
			require.Less(t, try, 50, "%v", err)
			b.clock.forward(100 * time.Millisecond)
			if try > 5 {
				b.clock.forward(10 * time.Second)
			}
		}
	}
}

func TestDuplicateDeliveryOfTheLogIsRecognised(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := open(t)
			b := targetSetup(t, tg)
			events, cost := traces(0, 20)
			spans := events[:0:0]
			for _, e := range events {
				if _, ok := e.Data.(*event.SpanEnded); ok {
					spans = append(spans, e)
				}
			}
			first := batch(t, spans[:30]...)
			require.NoError(t, b.handle(t, first))
			again := batch(t, spans...)
			again.Replayed = true
			for b.handle(t, again) != nil {
				b.clock.forward(time.Second)
			}
			copies, have := tg.stored(t)
			require.Len(t, copies, len(spans))
			if !tg.repeats {
				require.Equal(t, cost, have)
				for id, n := range copies {
					require.Equal(t, 1, n, id)
				}
			}
		})
	}
}

func TestSpanThatABackendRefusesIsTheOnlyOneThatIsMissing(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := open(t)
			b := targetSetup(t, tg)
			events, _ := traces(0, 30)
			tg.refuse("span 17.2")
			b.deliver(t, events)
			copies, _ := tg.stored(t)
			require.Len(t, copies, 89)
			require.NotContains(t, copies, fmt.Sprintf("%016x", 0xb000000+17*4+2))
			letters := b.letters(t, "exporter-"+tg.backend)
			require.Len(t, letters, 1)
		})
	}
}

func TestSpansOfClocksThatAreWrongArrive(t *testing.T) {
	t.Parallel()
	for name, open := range targets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := open(t)
			b := targetSetup(t, tg)
			events, cost := traces(0, 4)
			for i, ahead := range []time.Duration{-10 * 365 * 24 * time.Hour, 0, 48 * time.Hour, 365 * 24 * time.Hour} {
				for _, e := range events[i*4 : i*4+3] {
					s := e.Data.(*event.SpanEnded)
					s.StartTime, s.EndTime = timestamppb.New(s.StartTime.AsTime().Add(ahead)), timestamppb.New(s.EndTime.AsTime().Add(ahead))
				}
			}
			events[0].Data.(*event.SpanEnded).EndTime = events[0].Data.(*event.SpanEnded).StartTime // ended at once
			tg.fail(tracetest.Reset)
			b.deliver(t, events)
			tg.requireOnce(t, events, cost)
		})
	}
}

func TestChildWhoseParentsComeInLaterBatchesFindsItsWay(t *testing.T) {
	t.Parallel()
	tg := langsmithTarget(t) // its server fails the test where a tree does not fit
	b := targetSetup(t, tg)
	b.run(t, func(cfg *stream.Config) { cfg.BatchMaxRecords = 2 })
	events, cost := traces(0, 5)
	for ordinal := range 4 { // all model calls, then all steps, then all roots, then the scores
		for i := range 5 {
			streamtest.Publish(t, b.cluster.Broker, events[i*4+ordinal])
		}
	}
	tg.requireOnce(t, events, cost)
}

func TestQuestionsThatWereAnsweredAreNotAskedAgain(t *testing.T) {
	t.Parallel()
	s := langfusetest.New(t, "4.16.0")
	b := targetSetup(t, langfuseTargetOn(s, "otlp"))
	spans := many(1200)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	before := s.Questions()

	again := batch(t, spans...)
	again.Replayed = true
	s.Throttle(before + 15) // in the middle of the second part
	require.Error(t, b.handle(t, again))
	b.clock.forward(time.Minute)
	require.NoError(t, b.handle(t, again))
	require.Len(t, s.Rows(), 1200)
	require.Equal(t, 24+5, s.Questions()-before) // 50 ids each; the refused one, and the 4 before it in its part were repeated
}
