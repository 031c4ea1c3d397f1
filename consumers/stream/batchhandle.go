package stream

import "time"

// batchWaitMax bounds the wait between two tries of a batch. A failing record costs a handler, and waits for others to
// change; a failing batch is one insert and holds up its partition, and an engine that was restarted is back within
// seconds: with RAGLINE_STREAM_RETRY_MAX a sink would idle for 15 to 30 s after it.
const batchWaitMax = 5 * time.Second

func (c Config) batchBackoff(attempt int) time.Duration {
	return backoff(c.RetryMin, min(c.RetryMax, max(c.RetryMin, batchWaitMax)), attempt)
}

// handle calls the handler until it succeeds. It reports false when the partition is to be released; the batch
// stays announced then, and its next owner hands it over again.
func (p *batchPartition) handle(b Batch) bool {
	c := p.c
	var bytes int64
	for _, r := range b.Records {
		bytes += sizeOf(r)
	}
	c.metrics.batchRecords.WithLabelValues(c.group).Observe(float64(len(b.Records)))
	c.metrics.batchBytes.WithLabelValues(c.group).Observe(float64(bytes))
	if b.Replayed {
		c.metrics.replayed.WithLabelValues(c.group).Inc()
	}
	activity := "handling batches of " + place{p.topic, p.claim.partition}.String()
	for attempt := 1; p.going.Err() == nil || attempt == 1; attempt++ {
		err := p.attempt(b)
		if err == nil {
			c.metrics.outcomes.WithLabelValues(c.group, p.topic, outcomeDone).Inc()
			c.outage.over(activity)
			return true
		}
		if p.ctx.Err() != nil {
			c.metrics.outcomes.WithLabelValues(c.group, p.topic, outcomeAbandoned).Inc()
			return false
		}
		c.metrics.outcomes.WithLabelValues(c.group, p.topic, outcomeRetried).Inc()
		c.outage.note(activity, err)
		wait, asked := retryAfter(err)
		if !asked {
			wait = c.cfg.batchBackoff(attempt)
		}
		if !sleep(p.going, max(wait, 0)) {
			return false
		}
	}
	return false
}

func (p *batchPartition) attempt(b Batch) error {
	p.c.metrics.attempts.WithLabelValues(p.c.group, p.topic).Inc()
	start := time.Now()
	defer func() {
		p.c.metrics.handleSeconds.WithLabelValues(p.c.group).Observe(time.Since(start).Seconds())
	}()
	return p.c.guard(func() error { return p.c.handler.HandleBatch(p.ctx, b) },
		"topic", p.topic, "partition", p.claim.partition, "from", b.From, "to", b.To)
}

// observeLag refreshes the lag of every partition.
func (c *BatchConsumer) observeLag() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for cl, p := range c.parts {
		age := 0.0
		switch {
		case !p.inHand.IsZero():
			age = now.Sub(p.inHand).Seconds()
		case len(p.queue) > 0:
			age = now.Sub(p.queue[0].Timestamp).Seconds()
		}
		c.metrics.lag(p.topic, cl.partition, p.high-max(p.handled, 0), age)
	}
}
