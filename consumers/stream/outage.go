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
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
