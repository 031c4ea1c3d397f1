package stream

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// Reasons of dead letters beside those of event.DecodeError.
const (
	// ReasonHandlerFailed: the handler returned an error at every attempt.
	ReasonHandlerFailed event.Reason = "handler_failed"
	// ReasonHandlerPanicked: as before, and the last time it panicked.
	ReasonHandlerPanicked event.Reason = "handler_panicked"
	// ReasonDropped: the handler returned Drop.
	ReasonDropped event.Reason = "dropped"
	// ReasonPublishFailed: what the handler emitted can never be published, for example because it is too large.
	ReasonPublishFailed event.Reason = "publish_failed"
)

// worker is one slot.
func (c *Consumer) worker() {
	for {
		t := c.nextTask()
		if t == nil {
			return
		}
		c.attempt(t)
	}
}

// nextTask waits for a lane that may run. It returns nil when the consumer quits.
func (c *Consumer) nextTask() *task {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for len(c.ready) > 0 {
			l := c.ready[0]
			c.ready[0] = nil
			c.ready = c.ready[1:]
			if !l.part.stopped {
				l.part.running++
				return l.tasks[0]
			}
		}
		if c.quitting {
			return nil
		}
		c.wake.Wait()
	}
}

// attempt calls the handler once and does what its result says.
func (c *Consumer) attempt(t *task) {
	out := &outbox{cause: t.event, group: c.group}
	start := time.Now()
	if t.attempts++; t.attempts == 1 {
		t.started = start
	}
	c.metrics.attempts.WithLabelValues(c.group, t.part.topic).Inc()
	err := c.guard(func() error { return c.handler.Handle(t.part.ctx, t.event, out) },
		"topic", t.record.Topic, "partition", t.record.Partition, "offset", t.record.Offset)
	c.metrics.handleSeconds.WithLabelValues(c.group).Observe(time.Since(start).Seconds())
	records, encodeErr := out.seal()
	var panicked *panicError
	switch {
	case err == nil && encodeErr != nil:
		c.async(func() { c.bury(t, ReasonPublishFailed, encodeErr) })
	case err == nil && len(records) == 0 && !c.traces(t):
		c.complete(t, outcomeDone)
	case err == nil:
		c.async(func() { c.publish(t, records) })
	case t.part.ctx.Err() != nil:
		c.abandon(t)
	case isDrop(err):
		c.async(func() { c.bury(t, ReasonDropped, err) })
	case t.attempts < c.cfg.MaxAttempts:
		c.later(t, err)
	case errors.As(err, &panicked):
		c.async(func() { c.bury(t, ReasonHandlerPanicked, err) })
	default:
		c.async(func() { c.bury(t, ReasonHandlerFailed, err) })
	}
}

// async frees the slot: a task that waits for acks holds its key only.
func (c *Consumer) async(do func()) { c.running.Go(do) }

// later gives t another try after a wait. Its key waits with it, its slot does not.
func (c *Consumer) later(t *task, err error) {
	wait, asked := retryAfter(err)
	if !asked {
		wait = backoff(c.cfg.RetryMin, c.cfg.RetryMax, t.attempts)
	}
	c.deps.Logger.Debug("handler failed, trying again", "topic", t.record.Topic, "partition", t.record.Partition,
		"offset", t.record.Offset, "attempt", t.attempts, "wait", wait, "error", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.firstFailed.IsZero() {
		t.firstFailed = time.Now()
	}
	c.metrics.outcomes.WithLabelValues(c.group, t.part.topic, outcomeRetried).Inc()
	c.leave(t.part)
	if t.part.stopped {
		return
	}
	t.retry = time.AfterFunc(max(wait, 0), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !t.part.stopped {
			c.offer(t.lane)
		}
	})
}

// backoff doubles from least to most and takes a random half of it away.
func backoff(least, most time.Duration, attempts int) time.Duration {
	d := most
	if shift := attempts - 1; shift < 32 && least<<shift > 0 {
		d = min(least<<shift, most)
	}
	return d/2 + rand.N(d/2+1)
}
