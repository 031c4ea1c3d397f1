package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/consumers/exporter/memory"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	tracetest.Run(t, func(t *testing.T) tracetest.Subject {
		events := map[any]string{}
		for _, e := range tracetest.AgentTrace() {
			switch m := e.Data.(type) {
			case *event.ScoreGiven:
				events[m.GetName()] = e.ID
			case *event.FeedbackGiven:
				events["feedback"] = e.ID
			}
		}
		s := open(t, 10)
		return tracetest.Subject{Backend: s, Idempotent: true, Stored: func() []string {
			var ids []string
			for _, tr := range s.Recent(10) {
				for _, span := range tr.Spans {
					ids = append(ids, span.GetSpanId())
				}
				for _, score := range tr.Scores {
					ids = append(ids, events[score.GetName()])
				}
				for range tr.Feedback {
					ids = append(ids, events["feedback"])
				}
			}
			return ids
		}}
	})
}

func TestTraceOfTheLeastRecentTouchGoesFirst(t *testing.T) {
	t.Parallel()
	s := open(t, 2)
	export(t, s, tracetest.Span(1), tracetest.Span(2))
	export(t, s, &event.ScoreGiven{TraceId: traceID(1), Name: "relevance"}) // touches 1
	export(t, s, tracetest.Span(3))

	_, ok := s.Trace(traceID(2))
	require.False(t, ok)
	kept, ok := s.Trace(traceID(1))
	require.True(t, ok)
	require.Len(t, kept.Scores, 1)
	require.Equal(t, traceID(3), s.Recent(5)[0].ID)
	require.Len(t, s.Recent(1), 1)
}

func TestFeedbackWithoutATraceIsNotKept(t *testing.T) {
	t.Parallel()
	s := open(t, 2)
	export(t, s, &event.FeedbackGiven{QueryId: "query-1"})
	require.Empty(t, s.Recent(5))
}

func TestBoundsAreNamed(t *testing.T) {
	t.Parallel()
	_, err := memory.New(memory.Config{})
	require.EqualError(t, err, "RAGLINE_MEMORY_TRACES=0: allowed are 1 to 100000")
}

func open(t *testing.T, traces int) *memory.Store {
	t.Helper()
	s, err := memory.New(memory.Config{Traces: traces})
	require.NoError(t, err)
	return s
}

func traceID(n int) string { return tracetest.Span(n).Data.(*event.SpanEnded).GetTraceId() }

// export takes events, and messages to make events of.
func export(t *testing.T, s *memory.Store, what ...any) {
	t.Helper()
	var b trace.Batch
	for _, w := range what {
		switch w := w.(type) {
		case event.Event:
			b.Events = append(b.Events, w)
		case *event.ScoreGiven:
			b.Events = append(b.Events, event.New("test", w))
		case *event.FeedbackGiven:
			b.Events = append(b.Events, event.New("test", w))
		}
	}
	_, err := s.Export(t.Context(), b)
	require.NoError(t, err)
}
