package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// chunks publishes the pieces of answers while they are written. They are a convenience: nothing waits for them,
// a full buffer drops them, and the answer itself comes through the outbox.
type chunks struct {
	broker *broker.Broker
	now    func() time.Time
	client *kgo.Client

	mu   sync.Mutex
	runs map[string]*pieces
}

// pieces is what was streamed of one run.
type pieces struct {
	in   *accepted
	next int32
}

func newChunks(b *broker.Broker, now func() time.Time) *chunks {
	return &chunks{broker: b, now: now, runs: map[string]*pieces{}}
}

func (c *chunks) open() error {
	var err error
	c.client, err = c.broker.Client(kgo.ProducerLinger(time.Millisecond))
	if err != nil {
		return fmt.Errorf("opening the publisher of answer chunks: %w", err)
	}
	return nil
}

// close gives what is buffered a moment.
func (c *chunks) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.client.Flush(ctx) // chunks may be lost
	c.client.Close()
}

// begin prepares for the pieces of a run.
func (c *chunks) begin(runID string, in *accepted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[runID] = &pieces{in: in}
}

// write publishes a piece. It does not block.
func (c *chunks) write(_ context.Context, runID, piece string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.runs[runID]; p != nil && piece != "" {
		c.publish(runID, p, piece, false)
	}
}

// end closes the stream of a run. An answer of which nothing was streamed goes out whole.
func (c *chunks) end(runID, answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.runs[runID]
	if p == nil {
		return
	}
	delete(c.runs, runID)
	if p.next > 0 {
		answer = ""
	}
	c.publish(runID, p, answer, true)
}

// forget drops a run that stops without an answer.
func (c *chunks) forget(runID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, runID)
}

// publish hands a chunk to the client. The caller holds mu, which keeps the chunks of a run in order.
func (c *chunks) publish(runID string, p *pieces, text string, last bool) {
	e := event.Event{
		ID: event.DeriveID(runID, "agent.chunk", int(p.next)), Source: source, Tenant: p.in.Tenant, Time: c.now().UTC(),
		Data: &event.AnswerChunk{
			QueryId: p.in.QueryID, ThreadId: p.in.ThreadID, TraceId: traceID(runID), Index: p.next, Text: text, Last: last,
		},
	}
	e.Type = event.TypeOf(e.Data)
	p.next++
	r, err := topic.Encode(e)
	if err != nil {
		return // the contract refuses what is empty or too large; the answer itself says why
	}
	c.client.TryProduce(context.Background(), broker.ToRecord(r), nil)
}
