package evaluator

import (
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

// unjudged is the result for runs that gave no answer: failed, or stopped by a reviewer.
func unjudged(in *event.InteractionCaptured) (Result, bool) {
	r := Result{State: event.ScoreState_SCORE_STATE_NOT_APPLICABLE, Label: "no answer"}
	switch {
	case in.GetState() == event.AnswerState_ANSWER_STATE_FAILED:
		r.Explanation = "The run failed, so there is no answer to judge."
	case in.GetState() == event.AnswerState_ANSWER_STATE_REJECTED:
		r.Explanation = "A reviewer rejected the action, so there is no answer to judge."
	case strings.TrimSpace(in.GetAnswer()) == "":
		r.Explanation = "The answer is empty."
	default:
		return Result{}, false
	}
	return r, true
}

func noContext(threshold float64) Result {
	return Result{
		State:       event.ScoreState_SCORE_STATE_NO_CONTEXT,
		Threshold:   threshold,
		Label:       "no sources",
		Explanation: "The answer came without sources, so there is nothing to compare it with.",
	}
}
