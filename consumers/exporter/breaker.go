package exporter

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragline/ragline/consumers/exporter/trace"
)

// ErrOpen says that a backend is left alone for a while.
var ErrOpen = errors.New("the backend is left alone until the next trial")

const (
	// breakerFailures in a row open the breaker.
	breakerFailures = 3
	breakerWaitMin  = time.Second
	breakerWaitMax  = 30 * time.Second
)

// breaker speaks for all partitions of a backend: when it asks for a pause, or fails again and again, all of them stop,
// and after the pause one request goes ahead of the others. Otherwise each partition would find out by itself, with
// a request that hangs until its timeout.
type breaker struct {
	now  func() time.Time
	open prometheus.Gauge

	mu       sync.Mutex
	failures int
	until    time.Time
	trial    bool
}

func newBreaker(now func() time.Time, open prometheus.Gauge) *breaker {
	open.Set(0)
	return &breaker{now: now, open: open}
}

// admit returns nil when a request may be sent; its outcome is then told to note.
func (b *breaker) admit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := b.until.Sub(b.now())
	if wait <= 0 && b.trial {
		wait = breakerWaitMin
	}
	if wait > 0 {
		return &waitError{wait, fmt.Errorf("%w (in %s)", ErrOpen, wait.Round(time.Millisecond))}
	}
	b.trial = !b.until.IsZero()
	return nil
}

// note is told how a request ended. The end of the caller's context says nothing of the backend.
func (b *breaker) note(err error) {
	var retry *trace.RetryError
	var blocked *trace.BlockedError
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial = false
	pause := time.Duration(0)
	switch {
	case errors.As(err, &blocked):
		pause = blockedPause
	case errors.As(err, &retry):
		b.failures++
		pause = retry.After
		if pause == 0 && b.failures >= breakerFailures {
			pause = min(breakerWaitMin<<min(b.failures-breakerFailures, 10), breakerWaitMax)
		}
	case err != nil && !certain(err):
		return
	default:
		b.failures = 0
	}
	b.until = time.Time{}
	b.open.Set(0)
	if pause > 0 {
		b.until = b.now().Add(pause)
		b.open.Set(1)
	}
}
