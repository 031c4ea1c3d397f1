package stream

import (
	"context"
	"errors"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// publish sends what a handler emitted, then the span of a sampled event, and completes its task after the acks.
func (c *Consumer) publish(t *task, records []event.Record) {
	start := time.Now()
	err := c.send(t.part.ctx, "publishing", records...)
	switch {
	case err == nil:
		c.metrics.publishSeconds.WithLabelValues(c.group).Observe(time.Since(start).Seconds())
		c.trace(t, "", "")
		c.complete(t, outcomeDone)
	case hopeless(err):
		c.bury(t, ReasonPublishFailed, err)
	default:
		c.abandon(t)
	}
}

// bury writes the dead letter of t and completes the task after its ack. A task whose dead letter is refused in every
// form is complete as well: nobody could let the partition go on, and the record is still in its topic.
func (c *Consumer) bury(t *task, reason event.Reason, cause error) {
	d := NewDeadLetter(t.record, reason, cause)
	d.Consumer, d.CodeVersion, d.Attempts = c.group, c.deps.Version, t.attempts
	if !t.firstFailed.IsZero() {
		d.FirstFailed = t.firstFailed
	}
	outcome := outcomeDeadLettered
	err := d.Publish(func(r event.Record) error { return c.send(t.part.ctx, "publishing dead letters", r) })
	switch {
	case errors.Is(err, ErrDeadLetterRefused):
		outcome = outcomeRefused
		c.deps.Logger.Error("giving up a record without a dead letter", "topic", t.record.Topic,
			"partition", t.record.Partition, "offset", t.record.Offset, "reason", reason, "message", d.Message, "error", err)
	case err != nil:
		c.abandon(t)
		return
	}
	c.metrics.deadLetters.WithLabelValues(c.group, t.part.topic, string(reason)).Inc()
	c.trace(t, reason, d.Message)
	c.complete(t, outcome)
}

// send publishes for as long as it takes. It gives up when ctx ends or when another try cannot help.
func (c *Consumer) send(ctx context.Context, activity string, records ...event.Record) error {
	if len(records) == 0 {
		return nil
	}
	var last error
	err := c.persist(ctx, activity, func() error {
		_, last = c.publisher.PublishRecords(ctx, records...)
		if hopeless(last) {
			return nil
		}
		return last
	})
	return errors.Join(err, last)
}
