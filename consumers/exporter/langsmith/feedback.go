package langsmith

import (
	"math"
	"strings"

	"github.com/google/uuid"

	"github.com/ragline/ragline/schemas/event"
)

// feedback is a score or a verdict of a person. Its id is the event's, so that a repeat overwrites.
type feedback struct {
	ID         string         `json:"id"`
	RunID      string         `json:"run_id"`
	TraceID    string         `json:"trace_id"`
	Key        string         `json:"key"`
	Score      *float64       `json:"score,omitempty"`
	Value      string         `json:"value,omitempty"`
	Comment    string         `json:"comment,omitempty"`
	Correction map[string]any `json:"correction,omitempty"`
	Source     source         `json:"feedback_source"`
	CreatedAt  string         `json:"created_at"`
	ModifiedAt string         `json:"modified_at"`
}

type source struct {
	Type     string            `json:"type"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// feedbackOf attaches every score to the root run: whether a span is the root is not known from its id. The evaluated
// span is in the metadata.
func (b *Backend) feedbackOf(e event.Event) (f feedback, reason string) {
	f = feedback{ID: e.ID, CreatedAt: iso(e.Time), ModifiedAt: iso(e.Time)}
	if _, err := uuid.Parse(e.ID); err != nil {
		f.ID = uuid.NewSHA1(namespace, []byte(e.ID)).String()
	}
	traceID := ""
	switch m := e.Data.(type) {
	case *event.ScoreGiven:
		traceID = m.GetTraceId()
		b.evaluation(&f, m)
	case *event.FeedbackGiven:
		traceID = m.GetTraceId()
		b.verdict(&f, m)
	}
	if traceID == "" {
		return f, "feedback without a trace id has no place in LangSmith"
	}
	if f.Score != nil && (math.IsNaN(*f.Score) || math.IsInf(*f.Score, 0)) {
		return f, "the value is not a number"
	}
	f.TraceID = traceUUID(traceID)
	f.RunID = f.TraceID
	for name, value := range f.Source.Metadata {
		if value == "" {
			delete(f.Source.Metadata, name)
		}
	}
	return f, ""
}

func (b *Backend) evaluation(f *feedback, s *event.ScoreGiven) {
	f.Key, f.Score, f.Value = s.GetName(), s.Value, s.GetLabel()
	state := ""
	if s.GetState() != event.ScoreState_SCORE_STATE_UNSPECIFIED {
		state = strings.ToLower(s.GetState().String()[len("SCORE_STATE_"):])
	}
	if f.Score == nil && f.Value == "" {
		f.Value = state
	}
	if b.cfg.Content {
		f.Comment = s.GetExplanation()
	}
	f.Source = source{"model", map[string]string{
		"evaluator": s.GetEvaluator(), "evaluator_version": s.GetEvaluatorVersion(), "state": state, "query_id": s.GetQueryId(), "otel_span_id": s.GetSpanId(),
	}}
}

func (b *Backend) verdict(f *feedback, m *event.FeedbackGiven) {
	f.Key, f.Score = "user_feedback", m.Value
	if b.cfg.Content {
		f.Comment = m.GetComment()
		if m.GetCorrectedAnswer() != "" {
			f.Correction = map[string]any{"answer": m.GetCorrectedAnswer()}
		}
	}
	f.Source = source{"api", map[string]string{"channel": m.GetChannel(), "user_id": m.GetOrigin().GetUserId(), "query_id": m.GetQueryId()}}
}
