package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ragline/ragline/producers/broker"
)

// outage logs the first failure of an activity at warn, the following at debug, and the recovery at info.
type outage struct {
	logger *slog.Logger
	mu     sync.Mutex
	since  map[string]time.Time
}

func (o *outage) note(activity string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ongoing := o.since[activity]; ongoing {
		o.logger.Debug(activity+" fails still", "error", err)
		return
	}
	if o.since == nil {
		o.since = map[string]time.Time{}
	}
	o.since[activity] = time.Now()
	o.logger.Warn(activity+" fails, trying again", "error", err)
}

func (o *outage) over(activity string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if since, ongoing := o.since[activity]; ongoing {
		delete(o.since, activity)
		o.logger.Info(activity+" works again", "after", time.Since(since).Round(time.Millisecond))
	}
}

// drop forgets an activity that has ended otherwise.
func (o *outage) drop(activity string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.since, activity)
}

// fetching and locating name activities for each partition, so that one that works does not hide another that fails.
// What concerns a whole topic has the partition -1, what concerns all of them no topic either.
func fetching(topic string, partition int32) string {
	switch {
	case topic == "":
		return "fetching"
	case partition < 0:
		return "fetching " + topic
	}
	return "fetching " + place{topic, partition}.String()
}

func locating(c *claim) string {
	return "fetching the committed offset of " + place{c.topic, c.partition}.String()
}

// persist repeats do with back-off until it succeeds or ctx ends.
func (m *member) persist(ctx context.Context, activity string, do func() error) error {
	wait := broker.Backoff()
	for {
		err := do()
		if err == nil {
			m.outage.over(activity)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.outage.note(activity, err)
		if !sleep(ctx, wait.NextBackOff()) {
			return ctx.Err()
		}
	}
}

// sleep reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool { return broker.Pause(ctx, d) == nil }
