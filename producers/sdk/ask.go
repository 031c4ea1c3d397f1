package sdk

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/schemas/event"
)

// Question is what a user asks.
type Question struct {
	// Text is the question, at most 64 KiB. Required.
	Text string
	// ThreadID continues a conversation: use Answer.ThreadId of its first answer. Empty starts a new one.
	ThreadID string
	// UserID and SessionID are the application's own names for who asks.
	UserID    string
	SessionID string
	// Tags are free labels for filtering.
	Tags []string
	// MaxSteps bounds the agent's steps, 1 to 1000. Zero leaves it to the agent.
	MaxSteps int
	// Metadata is passed through to the events of the answer.
	Metadata map[string]string
	// ID is the query id. Asking again with the same ID is the same question and gets the same answer, so set it
	// when a request may be retried; event.NewID makes one. Empty lets the client choose.
	ID string
}

// Ask publishes a question and waits for its answer. An answer may say that the run failed: check Answer.Success.
// When ctx ends first the error is a *PendingError with the query id; the question is still being answered then.
func (c *Client) Ask(ctx context.Context, q Question) (*Answer, error) {
	return c.ask(ctx, q, stream{})
}

// AskStream is Ask that hands over the answer while it is being written. chunk is called from the caller's
// goroutine with pieces in order, each once; a piece that got lost is made up for from the answer. When a run was
// started again in the middle the pieces may differ from the answer: Answer.Text is what counts.
func (c *Client) AskStream(ctx context.Context, q Question, chunk func(text string), opts ...StreamOption) (*Answer, error) {
	s := stream{chunk: chunk}
	for _, opt := range opts {
		opt(&s)
	}
	return c.ask(ctx, q, s)
}

// StreamOption changes what AskStream hands over.
type StreamOption func(*stream)

// OnReview is called, from the caller's goroutine, when the run begins to wait for a person, and again when the person
// has decided. What happened before the question was asked here is not told.
func OnReview(review func(ReviewState)) StreamOption { return func(s *stream) { s.review = review } }

// stream is what AskStream hands over to. Nil calls nobody.
type stream struct {
	chunk  func(text string)
	review func(ReviewState)
}

func (s stream) on() bool { return s.chunk != nil || s.review != nil }

// AskAsync publishes a question and returns its query id when the question is safe on the log. Get the answer with
// Answer, from this client or another.
func (c *Client) AskAsync(ctx context.Context, q Question) (queryID string, err error) {
	e, err := c.query(q)
	if err != nil {
		return "", err
	}
	if err := c.publish(ctx, e); err != nil {
		return "", err
	}
	c.desk.asked(e.ID)
	return e.ID, nil
}

// ask listens before it publishes, so that no answer is too quick for it.
func (c *Client) ask(ctx context.Context, q Question, s stream) (*Answer, error) {
	if err := c.Listen(ctx); err != nil {
		return nil, err
	}
	e, err := c.query(q)
	if err != nil {
		return nil, err
	}
	w := c.desk.wait(e.ID, s.on())
	defer c.desk.leave(e.ID, w)
	err = c.publish(ctx, e)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	c.desk.asked(e.ID)
	if err != nil { // what is on its way may still be written
		return nil, &PendingError{QueryID: e.ID, ThreadID: event.KeyOf(e.Data), Err: err}
	}
	if q.ID != "" { // perhaps an old question that is asked again
		if err := c.findEarlier(ctx, e.ID); err != nil {
			return nil, pending(e, err)
		}
	}
	return c.await(ctx, w, e, s)
}

func (c *Client) query(q Question) (event.Event, error) {
	if q.MaxSteps < 0 || q.MaxSteps > 1000 {
		return event.Event{}, fmt.Errorf("asking: MaxSteps %d is not within 0 to 1000", q.MaxSteps)
	}
	m := &event.QueryAsked{
		Text: q.Text, ThreadId: q.ThreadID, MaxSteps: int32(q.MaxSteps), Metadata: q.Metadata,
		Origin: c.origin(q.UserID, q.SessionID, q.Tags),
	}
	e := c.envelope(m)
	if q.ID != "" {
		e.ID = q.ID
	}
	if m.ThreadId == "" {
		m.ThreadId = e.ID
	}
	return e, nil
}

// await hands over what comes until the answer is there.
func (c *Client) await(ctx context.Context, w *waiter, e event.Event, s stream) (*Answer, error) {
	var in assembler
	for {
		chunks, reviews, answer := c.desk.collect(w)
		for _, piece := range in.add(chunks) {
			s.hand(piece)
		}
		for _, r := range reviews {
			if s.review != nil {
				s.review(r)
			}
		}
		if answer != nil {
			s.hand(in.rest(answer.GetText()))
			return answer, nil
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return nil, pending(e, ctx.Err())
		case <-c.ctx.Done():
			return nil, pending(e, ErrClosed)
		}
	}
}

func (s stream) hand(piece string) {
	if piece != "" && s.chunk != nil {
		s.chunk(piece)
	}
}

func pending(e event.Event, err error) error {
	return &PendingError{QueryID: e.ID, ThreadID: event.KeyOf(e.Data), Published: true, Err: err}
}
