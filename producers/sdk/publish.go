package sdk

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// PublishOption changes the envelope of one event.
type PublishOption func(*event.Event)

// WithID sets the event's id. Publishing an event again with the same id is recognised as a repeat, so set it when a
// publish may be retried. It defaults to a fresh UUIDv7.
func WithID(id string) PublishOption { return func(e *event.Event) { e.ID = id } }

// WithTime says when the event happened. It defaults to now.
func WithTime(t time.Time) PublishOption { return func(e *event.Event) { e.Time = t.UTC() } }

// WithTraceParent links the event to a W3C trace context.
func WithTraceParent(traceParent string) PublishOption {
	return func(e *event.Event) { e.TraceParent = traceParent }
}

// Publish writes one event and returns its id when all in-sync replicas have it. Any message that event.Definitions
// lists may be published. Applications publish these:
//
//   - event.QueryAsked: a question; Ask and AskAsync do it for you.
//   - event.SpanEnded: a finished span of the application's own agent, with OTel's gen_ai attributes.
//   - event.InteractionCaptured: a question and its answer by another agent, to be evaluated and curated.
//   - event.ScoreGiven: the result of the application's own evaluation.
//   - event.FeedbackGiven: a person's verdict; see Feedback.
//   - event.ReviewDecided: a reviewer's decision; see Decide.
//   - event.DocumentChanged: a document of the knowledge base; see RemoveDocument.
//
// The error is ErrNotAnEvent for any other message and an *event.DecodeError that names the field for a message
// that readers would refuse. While Kafka is away Publish waits until ctx ends.
func (c *Client) Publish(ctx context.Context, m proto.Message, opts ...PublishOption) (string, error) {
	p, err := c.Prepare(m, opts...)
	if err != nil {
		return "", err
	}
	return p.id, c.PublishPrepared(ctx, p)
}

// RemoveDocument takes a document out of the knowledge base and returns the id of the event. Removing a document
// that does not exist is no error.
func (c *Client) RemoveDocument(ctx context.Context, documentID string) (string, error) {
	if documentID == "" {
		return "", fmt.Errorf("removing a document: the document id is empty")
	}
	e := c.envelope(&event.DocumentChanged{})
	e.Data, e.Key = nil, documentID
	return e.ID, c.publish(ctx, e)
}

func (c *Client) envelope(m proto.Message) event.Event {
	e := event.New(c.cfg.Source, m)
	e.Tenant = c.cfg.Tenant
	return e
}

func (c *Client) publish(ctx context.Context, e event.Event) error {
	p, err := c.prepare(e)
	if err != nil {
		return err
	}
	return c.PublishPrepared(ctx, p)
}
