package stream

import (
	"context"
	"time"
)

// press pauses and resumes partitions. Both limits have hysteresis, so that a partition does not flap: it is paused
// at the limit and resumed at half of it. Limits are soft by one fetch.
func (c *Consumer) press() {
	stop := c.account.hold(c.bytes)
	paused := 0
	for _, p := range c.parts {
		gap := len(p.pending)
		switch {
		case stop || gap >= c.cfg.MaxGap:
			c.pause(p)
		case gap <= c.cfg.MaxGap/2:
			c.resume(p)
		}
		if p.paused {
			paused++
		}
	}
	c.metrics.paused.WithLabelValues(c.group).Set(float64(paused))
	c.metrics.inFlightBytes.WithLabelValues(c.group).Set(float64(c.bytes))
}

// pressAgain is for a budget that other consumers have changed.
func (c *Consumer) pressAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.press()
}

func (c *Consumer) pause(p *partition) {
	if !p.paused {
		p.paused = true
		c.client.PauseFetchPartitions(map[string][]int32{p.topic: {p.claim.partition}})
	}
}

func (c *Consumer) resume(p *partition) {
	if p.paused {
		p.paused = false
		c.client.ResumeFetchPartitions(map[string][]int32{p.topic: {p.claim.partition}})
	}
}

// commitLoop commits watermarks that moved, until ctx ends. What fails is committed by a later round.
func (c *Consumer) commitLoop(ctx context.Context) {
	tick := time.NewTicker(c.cfg.CommitInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var marks map[*claim]mark
		results := c.commit(ctx, func() map[*claim]mark {
			marks = c.moved()
			return marks
		})
		c.settle(marks, results)
	}
}

// moved returns the watermarks that are not committed, and refreshes the lag.
func (c *Consumer) moved() map[*claim]mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := map[*claim]mark{}
	inFlight, now := 0, time.Now()
	for cl, p := range c.parts {
		inFlight += len(p.pending)
		records, seconds := p.lag(now)
		c.metrics.lag(p.topic, cl.partition, records, seconds)
		if low := p.watermark(); low >= 0 && low != p.committed && !p.stopped {
			marks[cl] = mark{offset: low}
		}
	}
	c.metrics.inFlight.WithLabelValues(c.group).Set(float64(inFlight))
	return marks
}

func (c *Consumer) settle(marks map[*claim]mark, results map[*claim]error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cl, k := range marks {
		if p := c.parts[cl]; p != nil && results[cl] == nil {
			p.committed = k.offset
		}
	}
}
