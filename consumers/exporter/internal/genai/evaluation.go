package genai

import (
	"crypto/sha256"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ragline/ragline/schemas/event"
)

// evaluationEvent is the conventions' name of a score.
const evaluationEvent = "gen_ai.evaluation.result"

// evaluation is a score or a feedback on its way to a log record or a span.
type evaluation struct {
	eventID         string
	name            string
	traceID, spanID string
	at              time.Time
	failed          bool
	attributes      *Attributes
}

// evaluationOf reads a ScoreGiven or a FeedbackGiven.
func (m Mapper) evaluationOf(e event.Event) evaluation {
	ev := evaluation{eventID: e.ID, at: e.Time, attributes: &Attributes{}}
	ev.attributes.Text("ragline.event.id", e.ID)
	switch data := e.Data.(type) {
	case *event.ScoreGiven:
		m.score(&ev, data)
	case *event.FeedbackGiven:
		m.feedback(&ev, data)
	}
	ev.attributes.Text("gen_ai.evaluation.name", ev.name)
	return ev
}

func (m Mapper) score(ev *evaluation, s *event.ScoreGiven) {
	ev.name, ev.traceID, ev.spanID = s.GetName(), s.GetTraceId(), s.GetSpanId()
	a := ev.attributes
	if s.Value != nil {
		a.Double("gen_ai.evaluation.score.value", s.GetValue())
		a.Flag("ragline.evaluation.passed", s.GetPassed())
	}
	a.Text("gen_ai.evaluation.score.label", s.GetLabel())
	if m.Content {
		a.Text("gen_ai.evaluation.explanation", s.GetExplanation())
	}
	if ev.failed = s.GetState() == event.ScoreState_SCORE_STATE_ERROR; ev.failed {
		a.Text("error.type", "_OTHER")
	}
	if s.GetState() != event.ScoreState_SCORE_STATE_UNSPECIFIED {
		a.Text("ragline.evaluation.state", s.GetState().String()[len("SCORE_STATE_"):])
	}
	a.Text("ragline.evaluator", s.GetEvaluator())
	a.Text("ragline.evaluator.version", s.GetEvaluatorVersion())
	a.Text("ragline.query.id", s.GetQueryId())
	a.Text("gen_ai.conversation.id", s.GetThreadId())
}

func (m Mapper) feedback(ev *evaluation, f *event.FeedbackGiven) {
	ev.name, ev.traceID = "user_feedback", f.GetTraceId()
	a := ev.attributes
	a.Double("gen_ai.evaluation.score.value", f.GetValue())
	if m.Content {
		a.Text("gen_ai.evaluation.explanation", f.GetComment())
		a.Text("ragline.feedback.corrected_answer", f.GetCorrectedAnswer())
	}
	a.Text("ragline.feedback.channel", f.GetChannel())
	a.Text("ragline.query.id", f.GetQueryId())
	a.Text("gen_ai.conversation.id", f.GetThreadId())
	a.Text("user.id", f.GetOrigin().GetUserId())
	a.Text("session.id", f.GetOrigin().GetSessionId())
}

// log is the event of the conventions, on the evaluated span where it is known.
func (ev evaluation) log() *logspb.LogRecord {
	severity := logspb.SeverityNumber_SEVERITY_NUMBER_INFO
	if ev.failed {
		severity = logspb.SeverityNumber_SEVERITY_NUMBER_WARN
	}
	at := uint64(max(ev.at.UnixNano(), 0))
	record := &logspb.LogRecord{
		TimeUnixNano:         at,
		ObservedTimeUnixNano: at, // not the clock: the same event gives the same bytes
		SeverityNumber:       severity,
		EventName:            evaluationEvent,
		Body:                 &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: evaluationEvent}},
		Attributes:           ev.attributes.Sorted(),
		TraceId:              id(ev.traceID),
		SpanId:               id(ev.spanID),
	}
	if ev.traceID != "" {
		record.Flags = sampled
	}
	return record
}

// span is for collectors without logs. Its id comes from the event's, so that a repeat is recognisable.
func (ev evaluation) span() *tracepb.Span {
	sum := sha256.Sum256([]byte(ev.eventID))
	at := uint64(max(ev.at.UnixNano(), 0))
	span := &tracepb.Span{
		TraceId:           id(ev.traceID),
		SpanId:            sum[:8],
		ParentSpanId:      id(ev.spanID),
		Flags:             sampled,
		Name:              "evaluate " + ev.name,
		Kind:              tracepb.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: at,
		EndTimeUnixNano:   at,
		Attributes:        ev.attributes.Sorted(),
	}
	if ev.failed {
		span.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR}
	}
	return span
}
