package stream

import (
	"context"
	"sync"
	"time"
)

// announcer commits for the tasks of a BatchConsumer. What arrives while a commit is under way shares the next one,
// so that many partitions do not queue for their acks one by one.
type announcer struct {
	m       *member
	wake    chan struct{}
	mu      sync.Mutex
	pending map[*claim]announcement
}

type announcement struct {
	mark
	result chan error
}

func newAnnouncer(m *member) *announcer {
	return &announcer{m: m, wake: make(chan struct{}, 1), pending: map[*claim]announcement{}}
}

// run commits until ctx ends, and calls measure every now and then.
func (a *announcer) run(ctx context.Context, measure func()) {
	tick := time.NewTicker(a.m.cfg.CommitInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			measure()
			continue
		case <-a.wake:
		}
		var taken map[*claim]announcement
		results := a.m.commit(ctx, func() map[*claim]mark {
			var marks map[*claim]mark
			taken, marks = a.take()
			return marks
		})
		for c, announced := range taken {
			announced.result <- results[c]
		}
	}
}

func (a *announcer) take() (map[*claim]announcement, map[*claim]mark) {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.pending
	a.pending = map[*claim]announcement{}
	marks := make(map[*claim]mark, len(taken))
	for c, announced := range taken {
		marks[c] = announced.mark
	}
	return taken, marks
}

// commit repeats the commit of k until it succeeds. It reports false when ctx ended first.
func (a *announcer) commit(ctx context.Context, c *claim, k mark) bool {
	for attempt := 1; ; attempt++ {
		result := make(chan error, 1)
		a.mu.Lock()
		a.pending[c] = announcement{k, result}
		a.mu.Unlock()
		select {
		case a.wake <- struct{}{}:
		default:
		}
		select {
		case err := <-result:
			if err == nil {
				return true
			}
		case <-ctx.Done():
			a.withdraw(c)
			return false
		}
		if !sleep(ctx, backoff(10*time.Millisecond, 5*time.Second, attempt)) {
			return false
		}
	}
}

func (a *announcer) withdraw(c *claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.pending, c)
}
