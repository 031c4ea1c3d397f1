package langfuse

import (
	"math"
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

// scoreBody is LangFuse's score. langfuse-go's own drops the value 0 and has no data type.
type scoreBody struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Value         any               `json:"value"`
	DataType      string            `json:"dataType"`
	TraceID       string            `json:"traceId,omitempty"`
	SessionID     string            `json:"sessionId,omitempty"`
	ObservationID string            `json:"observationId,omitempty"`
	Comment       string            `json:"comment,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	Environment   string            `json:"environment,omitempty"`
}

// scoreOf maps a score or a feedback. The reason is set where LangFuse would have nowhere to put it.
func (b backend) scoreOf(e event.Event) (body scoreBody, reason string) {
	switch m := e.Data.(type) {
	case *event.ScoreGiven:
		body = b.evaluation(m)
	case *event.FeedbackGiven:
		body = b.feedback(e.ID, m)
		if body.TraceID == "" && body.SessionID == "" {
			return body, "feedback without a trace or a session has no place in LangFuse"
		}
	}
	if v, ok := body.Value.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
		return body, "the value is not a number"
	}
	return body, ""
}

// evaluation has an id that a second run of the same evaluator overwrites. A score without a value tells its state
// under a name of its own, so that means of the values stay means.
func (b backend) evaluation(s *event.ScoreGiven) scoreBody {
	body := scoreBody{
		ID: strings.Join(nonEmpty(s.GetTraceId(), s.GetSpanId(), s.GetName(), s.GetEvaluatorVersion()), "-"), Name: s.GetName(),
		Value: s.GetValue(), DataType: "NUMERIC", TraceID: s.GetTraceId(), ObservationID: s.GetSpanId(),
		Metadata: map[string]string{
			"label": s.GetLabel(), "evaluator": s.GetEvaluator(), "evaluator_version": s.GetEvaluatorVersion(),
			"query_id": s.GetQueryId(), "thread_id": s.GetThreadId(),
		},
	}
	if s.GetState() != event.ScoreState_SCORE_STATE_UNSPECIFIED {
		body.Metadata["state"] = strings.ToLower(s.GetState().String()[len("SCORE_STATE_"):])
	}
	if s.Value == nil {
		body.ID, body.Name, body.DataType, body.Value = body.ID+"-state", s.GetName()+".state", "CATEGORICAL", "unknown"
		if state := body.Metadata["state"]; state != "" {
			body.Value = state
		}
	}
	if b.content {
		body.Comment = s.GetExplanation()
	}
	clean(body.Metadata)
	return body
}

func (b backend) feedback(id string, f *event.FeedbackGiven) scoreBody {
	body := scoreBody{
		ID: id, Name: "user_feedback", Value: f.GetValue(), DataType: "NUMERIC", TraceID: f.GetTraceId(),
		Metadata: map[string]string{
			"channel": f.GetChannel(), "user_id": f.GetOrigin().GetUserId(), "query_id": f.GetQueryId(), "thread_id": f.GetThreadId(),
		},
		Environment: environment(f.GetOrigin().GetEnvironment()),
	}
	if body.TraceID == "" { // exactly one target is allowed
		body.SessionID = f.GetOrigin().GetSessionId()
	}
	if b.content {
		body.Comment = f.GetComment()
		body.Metadata["corrected_answer"] = f.GetCorrectedAnswer()
	}
	clean(body.Metadata)
	return body
}

func clean(m map[string]string) {
	for name, value := range m {
		if value == "" {
			delete(m, name)
		}
	}
}

func nonEmpty(parts ...string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
