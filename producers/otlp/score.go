package otlp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/ragline/ragline/schemas/event"
)

// evaluationEvent is the conventions' name of a score.
const evaluationEvent = "gen_ai.evaluation.result"

// Reasons to refuse a log record.
var (
	ErrNoEvaluation = errors.New("only " + evaluationEvent + " records are taken: send logs to a store for logs")
	ErrNoName       = errors.New("gen_ai.evaluation.name is missing")
)

func (r Reader) score(record *logspb.LogRecord) (Event, error) {
	a := read(record.GetAttributes())
	if record.GetEventName() != evaluationEvent && a.text("event.name") != evaluationEvent {
		return Event{}, ErrNoEvaluation
	}
	name := a.takeText("gen_ai.evaluation.name")
	if name == "" {
		return Event{}, ErrNoName
	}
	if !isID(record.GetTraceId(), 16) {
		return Event{}, fmt.Errorf("evaluation %.80q: %w", name, ErrTraceID)
	}
	s := &event.ScoreGiven{
		TraceId: hex.EncodeToString(record.GetTraceId()), Name: name,
		Label: a.takeText("gen_ai.evaluation.score.label"), Explanation: a.takeText("gen_ai.evaluation.explanation"),
		Evaluator: a.takeText("ragline.evaluator"), EvaluatorVersion: a.takeText("ragline.evaluator.version"),
		QueryId: a.takeID("ragline.query.id"), ThreadId: a.takeID("gen_ai.conversation.id"),
	}
	if isID(record.GetSpanId(), 8) {
		s.SpanId = hex.EncodeToString(record.GetSpanId())
	}
	if value, ok := number(a["gen_ai.evaluation.score.value"]); ok {
		s.Value = &value
	}
	s.State = stateOf(a, s)
	s.Passed = a["ragline.evaluation.passed"].GetBoolValue()
	at := recordTime(record)
	return Event{s, r.id(s.GetTraceId(), s.GetSpanId(), s.GetName(), s.GetEvaluator(), s.GetEvaluatorVersion(), timeID(at)), r.past(at)}, nil
}

func stateOf(a attributes, s *event.ScoreGiven) event.ScoreState {
	if state, ok := event.ScoreState_value["SCORE_STATE_"+a.text("ragline.evaluation.state")]; ok && state != 0 {
		return event.ScoreState(state)
	}
	if a.text("error.type") != "" {
		return event.ScoreState_SCORE_STATE_ERROR
	}
	if s.Value == nil && s.GetLabel() == "" {
		return event.ScoreState_SCORE_STATE_NOT_APPLICABLE
	}
	return event.ScoreState_SCORE_STATE_OK
}

// recordTime is zero where the record has none: a repeat must get the same id.
func recordTime(record *logspb.LogRecord) time.Time {
	for _, nanos := range []uint64{record.GetTimeUnixNano(), record.GetObservedTimeUnixNano()} {
		if isTime(nanos) {
			return time.Unix(0, int64(nanos)).UTC() // #nosec G115 -- checked by isTime
		}
	}
	return time.Time{}
}

func timeID(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixNano(), 10)
}
