package stream

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// next waits for a batch. It reports false when the partition is to be released.
func (p *batchPartition) next() (Batch, bool) {
	for {
		b, wait, ready := p.cut(time.Now())
		switch {
		case p.going.Err() != nil:
			return Batch{}, false
		case ready:
			return b, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-p.going.Done():
		case <-p.wake:
		case <-timer.C:
			if !p.acknowledge() {
				timer.Stop()
				return Batch{}, false
			}
		}
		timer.Stop()
	}
}

// acknowledge commits what is handled when nothing follows that would.
func (p *batchPartition) acknowledge() bool {
	p.c.mu.Lock()
	handled := p.handled
	idle := len(p.queue) == 0 && handled != p.committed
	p.c.mu.Unlock()
	return !idle || p.commit(mark{handled, planVersion})
}

// cut takes a batch off the queue if one is due, and says how long to wait otherwise.
func (p *batchPartition) cut(now time.Time) (Batch, time.Duration, bool) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if p.replaying {
		if !p.complete() && !p.rewound() {
			return Batch{}, time.Hour, false
		}
		if b, left := p.cutReplay(); left {
			return b, 0, true
		}
	}
	n, closed := p.measure()
	switch {
	case n == 0 && p.handled == p.committed:
		return Batch{}, time.Hour, false
	case n == 0:
		return Batch{}, p.handledAt.Add(p.c.cfg.BatchLinger).Sub(now), false
	case !closed && now.Before(p.since.Add(p.c.cfg.BatchLinger)):
		return Batch{}, p.since.Add(p.c.cfg.BatchLinger).Sub(now), false
	}
	if first := p.queue[0].Offset; p.from < 0 || first < p.from {
		p.from = first // nothing was committed yet, or the log was set back
	}
	return p.detach(n, p.queue[n-1].Offset+1, false), 0, true
}

// rewound says that the log was set back below the plan, which is void then.
func (p *batchPartition) rewound() bool { return len(p.queue) > 0 && p.queue[0].Offset < p.from }

// cutReplay takes what is left of the announced batch. It reports false when that is nothing.
func (p *batchPartition) cutReplay() (Batch, bool) {
	p.replaying = false
	if p.rewound() {
		return Batch{}, false
	}
	n := slices.IndexFunc(p.queue, func(r *kgo.Record) bool { return r.Offset >= p.replayTo })
	if n < 0 {
		n = len(p.queue)
	}
	if n == 0 {
		p.from = p.replayTo
		return Batch{}, false
	}
	return p.detach(n, p.replayTo, true), true
}

// measure returns how many records of the queue are the next batch, and whether no more can join it.
func (p *batchPartition) measure() (n int, closed bool) {
	var bytes int64
	for i, r := range p.queue {
		bytes += sizeOfFetched(r)
		setBack := i > 0 && r.Offset <= p.queue[i-1].Offset
		if i > 0 && (i >= p.c.cfg.BatchMaxRecords || bytes > p.c.cfg.BatchMaxBytes || setBack) {
			return i, true
		}
	}
	return len(p.queue), len(p.queue) >= p.c.cfg.BatchMaxRecords || bytes >= p.c.cfg.BatchMaxBytes
}

func (p *batchPartition) detach(n int, to int64, replayed bool) Batch {
	p.hand = p.c.newHand()
	b := Batch{Topic: p.topic, Partition: p.claim.partition, From: p.from, To: to, Records: p.hand.take(p.queue[:n]), Replayed: replayed}
	for _, r := range p.queue[:n] {
		p.queued -= sizeOfFetched(r)
	}
	p.queue = slices.Clone(p.queue[n:])
	p.inHand = b.Records[0].Timestamp
	if !p.dropped {
		p.c.press()
	}
	return b
}
