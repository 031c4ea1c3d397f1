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
func (c *Client) Ask(ctx context.Context, q Question) (*Answer, error) { return c.ask(ctx, q, nil) }

// AskStream is Ask that hands over the answer while it is being written. chunk is called from the caller's
// goroutine with pieces in order, each once; a piece that got lost is made up for from the answer. When a run was
// started again in the middle the pieces may differ from the answer: Answer.Text is what counts.
func (c *Client) AskStream(ctx context.Context, q Question, chunk func(text string)) (*Answer, error) {
	return c.ask(ctx, q, chunk)
}

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
func (c *Client) ask(ctx context.Context, q Question, chunk func(string)) (*Answer, error) {
	if err := c.Listen(ctx); err != nil {
		return nil, err
	}
	e, err := c.query(q)
	if err != nil {
		return nil, err
	}
	w := c.desk.wait(e.ID, chunk != nil)
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
	return c.await(ctx, w, e, chunk)
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

// await hands chunks over until the answer is there.
func (c *Client) await(ctx context.Context, w *waiter, e event.Event, chunk func(string)) (*Answer, error) {
	var in assembler
	for {
		chunks, answer := c.desk.collect(w)
		for _, piece := range in.add(chunks) {
			chunk(piece)
		}
		if answer != nil {
			if rest := in.rest(answer.GetText()); rest != "" && chunk != nil {
				chunk(rest)
			}
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

func pending(e event.Event, err error) error {
	return &PendingError{QueryID: e.ID, ThreadID: event.KeyOf(e.Data), Published: true, Err: err}
}
