package event_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

func TestValidateNamesTheFirstFault(t *testing.T) {
	t.Parallel()
	trace, span := strings.Repeat("1", 32), strings.Repeat("2", 16)
	for name, c := range map[string]struct {
		message proto.Message
		reason  event.Reason
		field   string
	}{
		"answer without a query":     {&event.AnswerGiven{ThreadId: "t"}, event.ReasonMissingField, "queryId"},
		"answer without a thread":    {&event.AnswerGiven{QueryId: "q"}, event.ReasonMissingField, "threadId"},
		"chunk without a query":      {&event.AnswerChunk{}, event.ReasonMissingField, "queryId"},
		"negative steps":             {&event.QueryAsked{Text: "x", MaxSteps: -1}, event.ReasonInvalidField, "maxSteps"},
		"zero trace":                 {&event.ScoreGiven{TraceId: strings.Repeat("0", 32), Name: "n"}, event.ReasonInvalidField, "traceId"},
		"short span":                 {&event.SpanEnded{TraceId: trace, SpanId: "abc"}, event.ReasonInvalidField, "spanId"},
		"span with a bad parent":     {&event.SpanEnded{TraceId: trace, SpanId: span, ParentSpanId: "x"}, event.ReasonInvalidField, "parentSpanId"},
		"span without a name":        {&event.SpanEnded{TraceId: trace, SpanId: span}, event.ReasonMissingField, "name"},
		"span without a start":       {&event.SpanEnded{TraceId: trace, SpanId: span, Name: "n"}, event.ReasonMissingField, "startTime"},
		"interaction without answer": {&event.InteractionCaptured{TraceId: trace, Question: "q"}, event.ReasonMissingField, "answer"},
		"feedback on nothing":        {&event.FeedbackGiven{Value: proto.Float64(1)}, event.ReasonMissingField, "traceId"},
		"feedback without a value":   {&event.FeedbackGiven{TraceId: trace}, event.ReasonMissingField, "value"},
		"feedback over 1":            {&event.FeedbackGiven{TraceId: trace, Value: proto.Float64(1.1)}, event.ReasonInvalidField, "value"},
		"feedback that is no number": {&event.FeedbackGiven{TraceId: trace, Value: proto.Float64(math.NaN())}, event.ReasonInvalidField, "value"},
		"review without an id":       {&event.ReviewRequested{}, event.ReasonMissingField, "reviewId"},
		"decision without a thread":  {&event.ReviewDecided{ReviewId: "r"}, event.ReasonMissingField, "threadId"},
		"decision without a verdict": {&event.ReviewDecided{ReviewId: "r", ThreadId: "t"}, event.ReasonMissingField, "decision"},
		"document without text":      {&event.DocumentChanged{DocumentId: "d"}, event.ReasonMissingField, "text"},
		"dataset without a manifest": {&event.DatasetReady{DatasetId: "d", Name: "n"}, event.ReasonMissingField, "manifestSha256"},
		"model without a version":    {&event.ModelPromoted{Model: "m"}, event.ReasonMissingField, "version"},
		"training without a job":     {&event.TrainingBlocked{}, event.ReasonMissingField, "jobId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireReason(t, event.Validate(c.message), c.reason, c.field)
		})
	}
}

func TestGoldenSamplesAreValid(t *testing.T) {
	t.Parallel()
	for _, d := range event.Definitions() {
		require.NoError(t, event.Validate(sample(t, d).Data), d.Type)
	}
}

func TestMessageOutsideTheContractIsNoEvent(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { event.TypeOf(&event.Source{}) })
	_, ok := event.LookupMessage(&event.Source{})
	require.False(t, ok)
	_, ok = event.LookupMessage(nil)
	require.False(t, ok)
	d, ok := event.Lookup("span.ended.v1")
	require.True(t, ok)
	require.IsType(t, &event.SpanEnded{}, d.Prototype)
	_, ok = event.Lookup("span.ended.v9")
	require.False(t, ok)
}
