package sdk

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// Feedback is a person's verdict on an answer.
type Feedback struct {
	// TraceID or QueryID says which answer; an Answer has both. One is required.
	TraceID string
	QueryID string
	// ThreadID is the conversation of the answer.
	ThreadID string
	// Value is from 0 (bad) to 1 (good). A thumb down is 0, a thumb up is 1.
	Value float64
	// Comment is in the person's own words.
	Comment string
	// CorrectedAnswer is what the answer should have been. It becomes training data of the best tier.
	CorrectedAnswer string
	// UserID, SessionID and Tags say who gave the verdict.
	UserID    string
	SessionID string
	Tags      []string
	// Channel says where the verdict was given. Defaults to "sdk".
	Channel string
}

// Feedback publishes a verdict and returns the id of the event. Its error names the field that is wrong.
func (c *Client) Feedback(ctx context.Context, f Feedback, opts ...PublishOption) (string, error) {
	if f.Channel == "" {
		f.Channel = "sdk"
	}
	return c.Publish(ctx, &event.FeedbackGiven{
		TraceId: f.TraceID, QueryId: f.QueryID, ThreadId: f.ThreadID, Value: proto.Float64(f.Value),
		Comment: f.Comment, CorrectedAnswer: f.CorrectedAnswer, Channel: f.Channel,
		Origin: c.origin(f.UserID, f.SessionID, f.Tags),
	}, opts...)
}

// Review is a reviewer's decision about an action that waits for a person.
type Review struct {
	// ReviewID and ThreadID come from the event.ReviewRequested. Both are required.
	ReviewID string
	ThreadID string
	// Decision is required. Only the first decision of a review counts.
	Decision event.Decision
	// Arguments are the tool's new arguments as JSON, for event.Decision_DECISION_EDIT.
	Arguments string
	// Comment explains the decision; for event.Decision_DECISION_RESPOND it is what the agent reads.
	Comment string
	// Reviewer says who decided.
	Reviewer string
}

// Decide publishes a reviewer's decision and returns the id of the event. Its error names the field that is wrong.
func (c *Client) Decide(ctx context.Context, r Review, opts ...PublishOption) (string, error) {
	return c.Publish(ctx, &event.ReviewDecided{
		ReviewId: r.ReviewID, ThreadId: r.ThreadID, Decision: r.Decision,
		Arguments: r.Arguments, Comment: r.Comment, Reviewer: r.Reviewer,
	}, opts...)
}

func (c *Client) origin(userID, sessionID string, tags []string) *event.Origin {
	return &event.Origin{UserId: userID, SessionId: sessionID, Environment: c.cfg.Environment, Tags: tags}
}
