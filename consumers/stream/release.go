package stream

import (
	"context"
	"errors"
	"sync"
	"time"
)

// abandonWait is how long handlers whose context has ended may take to return, before the partition is given
// up without them.
const abandonWait = 2 * time.Second

// release stops the partitions, waits for what runs until ctx ends, cancels the rest, and returns the watermarks.
func (c *Consumer) release(ctx context.Context, claims []*claim) map[*claim]mark {
	parts := c.stop(claims)
	for _, p := range parts {
		select {
		case <-p.idle:
		case <-ctx.Done():
			p.cancel()
		}
	}
	c.awaitAbandoned(parts)
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := map[*claim]mark{}
	for _, p := range parts {
		if low := p.watermark(); low >= 0 && low != p.committed {
			marks[p.claim] = mark{offset: low}
		}
		for _, t := range p.pending {
			if !t.done {
				c.bytes -= t.size
			}
		}
		delete(c.parts, p.claim)
	}
	c.press()
	return marks
}

// stop lets nothing more of the partitions start.
func (c *Consumer) stop(claims []*claim) []*partition {
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []*partition
	for _, cl := range claims {
		p := c.parts[cl]
		if p == nil {
			continue
		}
		p.stopped = true
		for _, t := range p.pending {
			if t.retry != nil {
				t.retry.Stop()
			}
		}
		if p.running == 0 {
			close(p.idle)
		}
		parts = append(parts, p)
	}
	return parts
}

func (c *Consumer) awaitAbandoned(parts []*partition) {
	ctx, cancel := context.WithTimeout(context.Background(), min(abandonWait, c.cfg.ShutdownTimeout/10))
	defer cancel()
	for _, p := range parts {
		select {
		case <-p.idle:
		case <-ctx.Done():
		}
	}
}

var errHandlersRun = errors.New("stopping consumer: handlers still run after their context has ended")

// waitFor reports handlers that go on although their context has ended.
func waitFor(running *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		return errHandlersRun
	}
}
