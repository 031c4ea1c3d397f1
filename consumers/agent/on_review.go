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
	if _, err := react.ParseDecision(value); err != nil {
		return stream.Drop(fmt.Errorf("review %s: %w", d.GetReviewId(), err))
	}
	return a.persist(ctx, "storing decision on review "+d.GetReviewId(), func() error {
		out, err := a.store.Decide(ctx, checkpoint.Decision{
			ThreadPrefix: threadKey(e.Tenant, ""), // nobody decides for another tenant
			Answers:      map[string]json.RawMessage{d.GetReviewId(): value}, At: checkpoint.Position(e.Position),
		})
		if err == nil && out.Queued != nil {
			a.schedule.resume(out.Queued.ID, out.Queued.ThreadID)
		}
		return err
	})
}

// decisions are the kinds, in both languages.
func decisions() map[event.Decision]react.Kind {
	return map[event.Decision]react.Kind{
		event.Decision_DECISION_APPROVE: react.Approve, event.Decision_DECISION_REJECT: react.Reject,
		event.Decision_DECISION_EDIT: react.Edit, event.Decision_DECISION_RESPOND: react.Respond,
	}
}

func kindOf(d event.Decision) react.Kind { return decisions()[d] }

// decided is the event of a decision that came through the server.
func decided(reviewID, threadID string, d react.ReviewDecision) *event.ReviewDecided {
	out := &event.ReviewDecided{
		ReviewId: reviewID, ThreadId: threadID, Comment: d.Comment, Reviewer: d.Reviewer, Arguments: string(d.Arguments),
	}
	for kind, name := range decisions() {
		if name == d.Kind {
			out.Decision = kind
		}
	}
	return out
}
