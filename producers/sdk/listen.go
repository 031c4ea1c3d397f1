package sdk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// listener is the state of the one reader of answers and chunks.
type listener struct {
	starting chan struct{} // holds one token: who has it may start the reader
	mu       sync.Mutex
	closed   bool
	started  time.Time // zero until it listens
}

func (l *listener) since() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.started
}

// close keeps a late Listen from starting a goroutine that Close would not wait for.
func (l *listener) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// Listen starts to read answers now rather than with the first question. Once it has returned nil no later answer
// is missed, even across an outage of Kafka. The error is ErrNoTopics where ragline has never run. Calling it again
// does nothing.
func (c *Client) Listen(ctx context.Context) error {
	if c.ctx.Err() != nil {
		return ErrClosed
	}
	if !c.listener.since().IsZero() {
		return nil
	}
	select {
	case c.listener.starting <- struct{}{}:
		defer func() { <-c.listener.starting }()
	case <-ctx.Done():
		return fmt.Errorf("listening to answers: %w", ctx.Err())
	case <-c.ctx.Done():
		return ErrClosed
	}
	if !c.listener.since().IsZero() {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	offsets, err := c.endsOf(ctx, listened()...)
	if err != nil && c.ctx.Err() != nil {
		return ErrClosed
	}
	if err != nil {
		return err
	}
	return c.start(offsets)
}

// listened are the topics that tell of the questions of a client.
func listened() []string { return []string{topic.Answers, topic.AnswerChunks, topic.Reviews} }

func (c *Client) endsOf(ctx context.Context, topics ...string) (map[string]map[int32]int64, error) {
	ranges, err := c.broker.Ranges(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("listening to answers: %w", err)
	}
	offsets := map[string]map[int32]int64{}
	for _, name := range topics {
		if len(ranges[name]) == 0 {
			return nil, fmt.Errorf("listening to %s: %w", name, ErrNoTopics)
		}
		offsets[name] = map[int32]int64{}
		for partition, r := range ranges[name] {
			offsets[name][partition] = r.End
		}
	}
	return offsets, nil
}

func (c *Client) start(offsets map[string]map[int32]int64) error {
	l := &c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.started = time.Now()
	c.work.Go(func() { c.follow(offsets) })
	return nil
}

// follow reads until Close. The positions are pinned before the first read and kept here, so that a reader that
// breaks goes on where it stopped.
func (c *Client) follow(offsets map[string]map[int32]int64) {
	topics := listened()
	wait := broker.Backoff()
	for c.ctx.Err() == nil {
		err := c.broker.Follow(c.ctx, broker.FollowConfig{Topics: topics, Offsets: offsets}, func(r event.Record) error {
			wait.Reset()
			offsets[r.Topic][r.Partition] = r.Offset + 1
			c.deliver(r)
			return nil
		})
		if c.ctx.Err() != nil {
			return
		}
		c.logger.Warn("reading answers stopped, trying again", "error", err)
		_ = broker.Pause(c.ctx, wait.NextBackOff()) // the loop looks at ctx
	}
}

// deliver gives a record to whoever waits for it. What does not decode is the sink's business.
func (c *Client) deliver(r event.Record) {
	e, err := topic.Decode(r)
	if err != nil || e.Tenant != c.cfg.Tenant {
		return
	}
	switch m := e.Data.(type) {
	case *event.AnswerGiven:
		c.desk.answered(&Answer{m, e.Time})
	case *event.AnswerChunk:
		c.desk.chunk(m)
	case *event.ReviewRequested:
		c.desk.requested(m)
	case *event.ReviewDecided:
		c.desk.decided(m)
	}
}
