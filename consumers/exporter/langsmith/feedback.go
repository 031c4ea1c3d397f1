package langsmith

import (
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// feedback adds a score or a verdict of a person, and returns why it has no place. Its id is the event's, so that a
// repeat overwrites.
func (b *Backend) feedback(f *form, e event.Event, paths trace.Paths) (reason string) {
	id, err := uuid.Parse(e.ID)
	if err != nil {
		id = derive(e.ID)
	}
	f.begin("feedback", id, "")
	j := appendID(append(f.json, '{'), "id", id)
	j = appendTime(appendTime(j, "created_at", e.Time), "modified_at", e.Time)
	switch m := e.Data.(type) {
	case *event.ScoreGiven:
		if m.GetTraceId() == "" || m.Value != nil && !finite(m.GetValue()) {
			return unplaced(m.GetTraceId())
		}
		j = b.appendScore(appendTarget(j, m.GetTraceId(), m.GetSpanId(), paths), m)
	case *event.FeedbackGiven:
		if m.GetTraceId() == "" || m.Value != nil && !finite(m.GetValue()) {
			return unplaced(m.GetTraceId())
		}
		j = b.appendVerdict(appendTarget(j, m.GetTraceId(), "", paths), m)
	}
	j = append(j, "}}}"...) // of metadata, source and feedback
	f.json = j
	f.end()
	return ""
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func unplaced(traceID string) string {
	if traceID == "" {
		return "feedback without a trace id has no place in LangSmith"
	}
	return "the value is not a number"
}

// appendTarget attaches a score to the run of its span where the exporter knows the place of that span, and else to the
// root run: whether a span is the root, whose run has another id, does not follow from its id.
func appendTarget(j []byte, traceID, spanID string, paths trace.Paths) []byte {
	run := traceUUID(traceID)
	root := run
	if path, known := paths[trace.SpanKey{TraceID: traceID, SpanID: spanID}]; known {
		var room [512]byte
		p, _ := placeOf(room[:0], traceID, spanID, time.Time{}, path)
		run, root = p.id, p.traceID
	}
	return appendID(appendID(j, "run_id", run), "trace_id", root)
}

func (b *Backend) appendScore(j []byte, s *event.ScoreGiven) []byte {
	j = appendText(appendName(j, "key"), s.GetName())
	state := ""
	if s.GetState() != event.ScoreState_SCORE_STATE_UNSPECIFIED {
		state = strings.ToLower(s.GetState().String()[len("SCORE_STATE_"):])
	}
	label := s.GetLabel()
	if s.Value != nil {
		j = appendFloat(j, "score", s.GetValue())
	} else if label == "" {
		label = state
	}
	j = appendField(j, "value", label)
	if b.cfg.Content {
		j = appendField(j, "comment", s.GetExplanation())
	}
	return appendSource(j, "model", field{"evaluator", s.GetEvaluator()}, field{"evaluator_version", s.GetEvaluatorVersion()}, field{"state", state},
		field{"query_id", s.GetQueryId()}, field{"otel_span_id", s.GetSpanId()})
}

func (b *Backend) appendVerdict(j []byte, m *event.FeedbackGiven) []byte {
	j = appendText(appendName(j, "key"), "user_feedback")
	if m.Value != nil {
		j = appendFloat(j, "score", m.GetValue())
	}
	if b.cfg.Content {
		j = appendField(j, "comment", m.GetComment())
		if answer := m.GetCorrectedAnswer(); answer != "" {
			j = append(appendField(append(appendName(j, "correction"), '{'), "answer", answer), '}')
		}
	}
	return appendSource(j, "api", field{"channel", m.GetChannel()}, field{"user_id", m.GetOrigin().GetUserId()}, field{"query_id", m.GetQueryId()})
}

// appendSource leaves the source and its metadata open.
func appendSource(j []byte, kind string, metadata ...field) []byte {
	j = append(appendField(append(appendName(j, "feedback_source"), '{'), "type", kind), `,"metadata":{`...)
	for _, m := range metadata {
		j = appendField(j, m.name, m.value)
	}
	return j
}
