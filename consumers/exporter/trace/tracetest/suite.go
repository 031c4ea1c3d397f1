package tracetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// RetryAfter is what Throttle asks for.
const RetryAfter = 7 * time.Second

// Subject is a backend under test.
type Subject struct {
	Backend trace.Backend
	// Stored returns the span ids and, of scores and feedback, the event ids that the other side has, in the
	// order of their arrival, repeats included.
	Stored func() []string
	// Idempotent says that a repeat is stored once.
	Idempotent bool
	// Fail makes the next request fail. Nil: nothing can fail.
	Fail func(Fault)
}

// Run checks what every backend promises. open is called for each check.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Subject){
		"EveryKindOfEventArrivesOnce":    everyKind,
		"RepeatDoesNoMoreThanRepeat":     repeat,
		"EndedContextIsNoVerdict":        endedContext,
		"ThrottleSaysHowLongToWait":      throttle,
		"BrokenBackendIsARetry":          retried(Broken),
		"StoredAndBrokenIsARetry":        retried(BrokenAfter),
		"LostAnswerIsARetry":             retried(Reset),
		"HangingBackendEndsWithTheWait":  hang,
		"OversizedRequestAsksForLess":    oversized,
		"RefusedKeyBlocks":               unauthorized,
		"BadEventRejectsTheBatch":        badEvent,
		"BackendWorksAgainAfterEachKind": recovery,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func everyKind(t *testing.T, s Subject) {
	events := AgentTrace()
	require.NoError(t, s.export(t, events))
	require.ElementsMatch(t, ids(events), s.Stored())
}

func repeat(t *testing.T, s Subject) {
	events := AgentTrace()
	require.NoError(t, s.export(t, events))
	require.NoError(t, s.export(t, events))
	want := ids(events)
	if !s.Idempotent {
		want = append(want, want...)
	}
	require.ElementsMatch(t, want, s.Stored())
}

func endedContext(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Backend.Export(ctx, trace.Batch{Events: AgentTrace()})
	require.ErrorIs(t, err, context.Canceled)
	requireNoVerdict(t, err)
}

func throttle(t *testing.T, s Subject) {
	s.fail(t, Throttle)
	var retry *trace.RetryError
	require.ErrorAs(t, s.export(t, spans()), &retry)
	require.Equal(t, RetryAfter, retry.After)
}

func retried(f Fault) func(*testing.T, Subject) {
	return func(t *testing.T, s Subject) {
		s.fail(t, f)
		var retry *trace.RetryError
		require.ErrorAs(t, s.export(t, spans()), &retry)
	}
}

func hang(t *testing.T, s Subject) {
	s.fail(t, Hang)
	err := s.export(t, spans()) // the backend's own timeout
	require.Error(t, err)
	requireNoVerdict(t, err)
}

func oversized(t *testing.T, s Subject) {
	s.fail(t, Oversized)
	require.ErrorIs(t, s.export(t, spans()), trace.ErrTooLarge)
}

func unauthorized(t *testing.T, s Subject) {
	s.fail(t, Unauthorized)
	var blocked *trace.BlockedError
	require.ErrorAs(t, s.export(t, spans()), &blocked)
}

func badEvent(t *testing.T, s Subject) {
	s.fail(t, BadEvent)
	var rejected *trace.RejectedError
	require.ErrorAs(t, s.export(t, spans()), &rejected)
}

func recovery(t *testing.T, s Subject) {
	for _, f := range []Fault{Throttle, Broken, Oversized, Unauthorized, BadEvent} {
		s.fail(t, f)
		require.Error(t, s.export(t, spans()))
		require.NoError(t, s.export(t, spans()))
	}
}

func (s Subject) fail(t *testing.T, f Fault) {
	t.Helper()
	if s.Fail == nil {
		t.Skip("this backend cannot fail")
	}
	s.Fail(f)
}

// export sends spans and the rest apart, as the topics do.
func (s Subject) export(t *testing.T, events []event.Event) error {
	t.Helper()
	var spans, others []event.Event
	for _, e := range events {
		if _, ok := e.Data.(*event.SpanEnded); ok {
			spans = append(spans, e)
		} else {
			others = append(others, e)
		}
	}
	for _, part := range [][]event.Event{spans, others} {
		if len(part) == 0 {
			continue
		}
		result, err := s.Backend.Export(t.Context(), BatchOf(part...))
		if errors.Is(err, trace.ErrDuplicate) { // a repeat, recognised
			continue
		}
		if err != nil {
			return err
		}
		require.Empty(t, result.Rejected)
		require.Zero(t, result.Unnamed)
	}
	return nil
}

func requireNoVerdict(t *testing.T, err error) {
	t.Helper()
	var rejected *trace.RejectedError
	var blocked *trace.BlockedError
	require.False(t, errors.As(err, &rejected) || errors.As(err, &blocked) || errors.Is(err, trace.ErrTooLarge), "%v", err)
}

func spans() []event.Event { return AgentTrace()[:4] }

func ids(events []event.Event) []string {
	var list []string
	for _, e := range events {
		if s, ok := e.Data.(*event.SpanEnded); ok {
			list = append(list, s.GetSpanId())
		} else {
			list = append(list, e.ID)
		}
	}
	return list
}
