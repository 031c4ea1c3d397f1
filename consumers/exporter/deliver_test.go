package exporter_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/exporter/otlp/otlptest"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const group = "exporter-otlp"

func TestBadSpanIsFoundAndTheOthersArriveOnce(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{0, 1, 137, 199} {
		b := setup(t, "otlp", "RAGLINE_EXPORTER_MAX_EVENTS=128")
		spans := many(200)
		b.collector.Refuse(named(spans[bad]))
		require.NoError(t, b.handle(t, batch(t, spans...)))

		require.Equal(t, spanIDs(append(append([]event.Event(nil), spans[:bad]...), spans[bad+1:]...)), b.arrived())
		letters := b.letters(t, group)
		require.Len(t, letters, 1)
		require.Equal(t, exporter.ReasonRejected, letters[0].Reason)
		require.EqualValues(t, 100+bad, letters[0].Original().Offset)
		require.Contains(t, letters[0].Message, "400 Bad Request")
		again, err := topic.Decode(letters[0].Original())
		require.NoError(t, err)
		require.Equal(t, spans[bad].ID, again.ID)
		require.Equal(t, 199, b.metric(t, "ragline_exporter_events_total", "exported"))
		require.Equal(t, 1, b.metric(t, "ragline_exporter_events_total", "rejected"))
	}
}

func TestTooLargeRequestIsSplitAndEverySpanArrivesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(100)
	b.collector.Limit(2000)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	require.Equal(t, spanIDs(spans), b.arrived())
}

func TestSpanThatIsTooLargeAloneIsADeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(5)
	spans[2].Data.(*event.SpanEnded).Input = strings.Repeat("x", 5000)
	b.collector.Limit(4000)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	require.Equal(t, spanIDs([]event.Event{spans[0], spans[1], spans[3], spans[4]}), b.arrived())
	letters := b.letters(t, group)
	require.Len(t, letters, 1)
	require.Equal(t, exporter.ReasonTooLarge, letters[0].Reason)
}

func TestRequestsAreBoundedByBytes(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp", "RAGLINE_EXPORTER_MAX_BYTES=2000")
	spans := many(20)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	require.Equal(t, spanIDs(spans), b.arrived())
	requests, _ := b.collector.Requests()
	require.Greater(t, len(requests), 2)
}

func TestLaterFailureDoesNotRepeatWhatWasSettled(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp", "RAGLINE_EXPORTER_MAX_EVENTS=10")
	spans := many(25)
	work := batch(t, spans...)
	b.collector.Fail(otlptest.Fault{Stored: true}, otlptest.Status(http.StatusServiceUnavailable, "Retry-After", "3"))
	var retry *trace.RetryError
	require.ErrorAs(t, b.handle(t, work), &retry)
	require.Equal(t, 3*time.Second, retry.After)
	require.Len(t, b.arrived(), 10)
	require.ErrorIs(t, b.handle(t, work), exporter.ErrOpen)
	require.Len(t, b.arrived(), 10)

	b.clock.forward(3 * time.Second)
	require.NoError(t, b.handle(t, work))
	require.Equal(t, spanIDs(spans), b.arrived())
}

func TestLostAnswerIsSentAgainBecauseOTLPCannotBeAsked(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(3)
	work := batch(t, spans...)
	b.collector.Fail(otlptest.Reset()) // stored, but we never hear of it
	require.Error(t, b.handle(t, work))
	require.NoError(t, b.handle(t, work))
	require.Equal(t, spanIDs(append(spans, spans...)), b.arrived())
}

func TestRefusedKeyHoldsTheBatchAndRaisesTheAlarm(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	work := batch(t, many(3)...)
	b.collector.Fail(otlptest.Status(http.StatusUnauthorized), otlptest.Status(http.StatusForbidden))
	for range 2 {
		var blocked *trace.BlockedError
		err := b.handle(t, work)
		require.ErrorAs(t, err, &blocked)
		require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_HEADERS")
		require.Equal(t, 1, b.metric(t, "ragline_exporter_blocked", group))
		b.clock.forward(time.Minute)
	}
	require.NoError(t, b.handle(t, work))
	require.Equal(t, 0, b.metric(t, "ragline_exporter_blocked", group))
	require.Len(t, b.arrived(), 3)
}

func TestAddressThatRefusesEverythingMakesNoDeadLetters(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	for range 20 {
		b.collector.Fail(otlptest.Status(http.StatusBadRequest))
	}
	var blocked *trace.BlockedError
	require.ErrorAs(t, b.handle(t, batch(t, many(8)...)), &blocked)
	names, err := b.cluster.DeadLetterTopics(t.Context())
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestRecordThatIsNoEventIsSkippedAndCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	work := batch(t, many(3)...)
	work.Records[1].Value = bytes.Repeat([]byte{0xff}, 9)
	require.NoError(t, b.handle(t, work))
	require.Len(t, b.arrived(), 2)
	require.Equal(t, 1, b.metric(t, "ragline_exporter_events_total", "skipped_invalid_protobuf"))
}

func TestNothingToSendIsNoRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	require.NoError(t, b.handle(t, batch(t)))
	_, headers := b.collector.Requests()
	require.Empty(t, headers)
}

func TestDeadLetterThatCannotBeWrittenHoldsTheBatchButRepeatsNoSpan(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(4)
	b.collector.Refuse(named(spans[1]))
	letters, _ := topic.Get(topic.DeadLetters(group))
	require.NoError(t, b.cluster.EnsureTopics(t.Context(), letters))
	work := batch(t, spans...)
	b.cluster.FailProduce(letters.Name, 1)
	require.ErrorContains(t, b.handle(t, work), "publishing dead letters")

	b.cluster.Heal()
	require.NoError(t, b.handle(t, work))
	require.Equal(t, spanIDs([]event.Event{spans[0], spans[2], spans[3]}), b.arrived())
	require.Len(t, b.letters(t, group), 1)
}

func TestDeadLetterOfARecordWithAHugeKeyIsWrittenWithoutIt(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(3)
	b.collector.Refuse(named(spans[1]))
	work := batch(t, spans...)
	work.Records[1].Key = bytes.Repeat([]byte("k"), 1_130_000) // it was compressed on its way here
	require.NoError(t, b.handle(t, work))

	require.Equal(t, spanIDs([]event.Event{spans[0], spans[2]}), b.arrived())
	letters := b.letters(t, group)
	require.Len(t, letters, 1)
	require.Equal(t, exporter.ReasonRejected, letters[0].Reason)
	require.EqualValues(t, 101, letters[0].Original().Offset)
	require.Equal(t, 1_130_000, letters[0].OmittedKeyBytes)
}

func TestDeadLetterThatIsRefusedInEveryFormDoesNotHoldTheBatch(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(4)
	b.collector.Refuse(named(spans[1]))
	letters, _ := topic.Get(topic.DeadLetters(group))
	require.NoError(t, b.cluster.EnsureTopics(t.Context(), letters))
	b.cluster.RefuseProduce(letters.Name, kerr.MessageTooLarge, -1)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	require.Equal(t, spanIDs([]event.Event{spans[0], spans[2], spans[3]}), b.arrived())
	require.Equal(t, 1, b.metric(t, "ragline_exporter_events_total", "dead_letter_refused"))
	require.Empty(t, b.letters(t, group))
}

func TestDeadLetterDoesNotRepeatThePayloadThatABackendQuotes(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	spans := many(1)
	const secret = "a customer's full name"
	spans[0].Data.(*event.SpanEnded).Input = secret
	b.collector.Partial(1, "cannot index "+secret)
	require.NoError(t, b.handle(t, batch(t, spans...)))
	letters := b.letters(t, group)
	require.Len(t, letters, 1)
	require.Contains(t, letters[0].Message, "cannot index")
	require.NotContains(t, letters[0].Message, secret)
}

func TestDropsThatNobodyNamesAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, "otlp")
	b.collector.Partial(2, "too many attributes")
	require.NoError(t, b.handle(t, batch(t, many(5)...)))
	require.Equal(t, 2, b.metric(t, "ragline_exporter_dropped_total", group))
}

func many(n int) []event.Event {
	spans := make([]event.Event, n)
	for i := range spans {
		spans[i] = tracetest.Span(i)
	}
	return spans
}

func named(e event.Event) func(*tracepb.Span) bool {
	name := e.Data.(*event.SpanEnded).GetName()
	return func(s *tracepb.Span) bool { return s.GetName() == name }
}
