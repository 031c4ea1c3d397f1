package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// onReview stores a decision and lets the run go on. A second decision, and one on an unknown review, change nothing.
func (a *Agent) onReview(ctx context.Context, e event.Event, d *event.ReviewDecided, _ stream.Emitter) error {
	decision := react.ReviewDecision{Kind: kindOf(d.GetDecision()), Comment: d.GetComment(), Reviewer: d.GetReviewer()}
	if decision.Kind == "" {
		return stream.Drop(fmt.Errorf("review %s: decision %s is not known", d.GetReviewId(), d.GetDecision()))
	}
	if decision.Kind == react.Edit {
		if !json.Valid([]byte(d.GetArguments())) {
			return stream.Drop(fmt.Errorf("review %s: the edited arguments are no JSON", d.GetReviewId()))
		}
		decision.Arguments = json.RawMessage(d.GetArguments())
	}
	value, err := json.Marshal(decision)
	if err != nil {
		return stream.Drop(fmt.Errorf("encoding decision on review %s: %w", d.GetReviewId(), err))
	}
	return a.persist(ctx, "storing decision on review "+d.GetReviewId(), func() error {
		ready, err := a.store.Decide(ctx, checkpoint.Decision{
			Answers: map[string]json.RawMessage{d.GetReviewId(): value}, At: checkpoint.Position(e.Position),
		})
		if err == nil && ready != nil {
			a.schedule.resume(ready.ID, ready.ThreadID)
		}
		return err
	})
}

func kindOf(d event.Decision) react.Kind {
	switch d {
	case event.Decision_DECISION_APPROVE:
		return react.Approve
	case event.Decision_DECISION_REJECT:
		return react.Reject
	case event.Decision_DECISION_EDIT:
		return react.Edit
	case event.Decision_DECISION_RESPOND:
		return react.Respond
	default:
		return ""
	}
}
