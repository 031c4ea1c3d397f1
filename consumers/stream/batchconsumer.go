package stream

import (
	"context"
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// BatchConsumer runs a BatchHandler as a member of its consumer group.
type BatchConsumer struct {
	*member
	handler   BatchHandler
	announcer *announcer

	// hands holds the memory of batches that were handled.
	hands chan *hand

	running sync.WaitGroup // one goroutine for each claim

	mu    sync.Mutex
	parts map[*claim]*batchPartition
	bytes int64
}

// NewBatchConsumer returns a consumer of topics in batches. It does not connect. It has its part of Deps.Budget until
// Run returns.
func NewBatchConsumer(cfg Config, deps Deps, topics []string, h BatchHandler) (*BatchConsumer, error) {
	m, err := newMember(cfg, deps, h.Name(), topics)
	if err != nil {
		return nil, err
	}
	c := &BatchConsumer{member: m, handler: h, parts: map[*claim]*batchPartition{}, hands: make(chan *hand, spareHands)}
	c.announcer = newAnnouncer(m)
	m.work = c
	m.fetchBytes, m.fetchAtOnce = 1<<20, 2<<20 // on the wire: it may grow fivefold, and one is fetched ahead
	m.pools = []kgo.Pool{&recycler{}}
	return c, nil
}

// Ready is closed when the group has given this consumer its partitions for the first time.
func (c *BatchConsumer) Ready() <-chan struct{} { return c.member.ready }

// Run consumes until ctx ends, then finishes the batches that are announced, commits, leaves the group and returns
// nil, all within the shutdown timeout. A batch that did not finish is handed over again by the next owner.
// Run waits for a Kafka that is away, at the start and later. It must be called once only.
func (c *BatchConsumer) Run(ctx context.Context) error {
	defer c.account.close()
	err := c.open(ctx)
	if err != nil {
		c.close()
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helpers.Go(func() { c.announcer.run(background, c.observeLag) })
	helpers.Go(func() { c.followBudget(background, c.pressAgain) })
	c.poll(ctx)
	c.close()
	stop()
	helpers.Wait()
	return waitFor(&c.running)
}

func (c *BatchConsumer) assigned(cl *claim) {
	p := newBatchPartition(c, cl)
	c.mu.Lock()
	c.parts[cl] = p
	c.press()
	c.mu.Unlock()
}

// fetched starts the task of a partition: only now its plan is known.
func (c *BatchConsumer) fetched(cl *claim, offset int64, metadata string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parts[cl]
	if p == nil || p.started {
		return
	}
	p.start(offset, metadata)
	c.running.Go(p.run)
}

func (c *BatchConsumer) take(cl *claim, fetched kgo.FetchPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parts[cl]
	if p == nil {
		return
	}
	p.high = fetched.HighWatermark
	for _, r := range fetched.Records {
		p.push(r)
	}
	c.press()
	p.signal()
}

// press pauses partitions whose buffer is full, and all of them when the budget is used up, except those that
// replay: an announced batch must be read whole before it can give memory back.
func (c *BatchConsumer) press() {
	stop := c.account.hold(c.bytes)
	paused := 0
	for _, p := range c.parts {
		full, low := p.pressure()
		exempt := p.replaying && !p.complete()
		switch {
		case !exempt && (stop || full) && !p.paused:
			p.paused = true
			c.client.PauseFetchPartitions(map[string][]int32{p.topic: {p.claim.partition}})
		case p.paused && (exempt || !stop && low):
			p.paused = false
			c.client.ResumeFetchPartitions(map[string][]int32{p.topic: {p.claim.partition}})
		}
		if p.paused {
			paused++
		}
	}
	c.metrics.paused.WithLabelValues(c.group).Set(float64(paused))
	c.metrics.inFlightBytes.WithLabelValues(c.group).Set(float64(c.bytes))
}

// pressAgain is for a budget that other consumers have changed.
func (c *BatchConsumer) pressAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.press()
}

// release stops the tasks and waits for the batches that are being handled.
func (c *BatchConsumer) release(ctx context.Context, claims []*claim) map[*claim]mark {
	var parts []*batchPartition
	c.mu.Lock()
	for _, cl := range claims {
		if p := c.parts[cl]; p != nil {
			p.halt()
			if !p.started {
				p.started = true
				close(p.ended)
			}
			parts = append(parts, p)
		}
	}
	c.mu.Unlock()
	for _, p := range parts {
		select {
		case <-p.ended:
		case <-ctx.Done():
			p.cancel()
		}
	}
	late, cancel := context.WithTimeout(context.Background(), min(abandonWait, c.cfg.ShutdownTimeout/10))
	defer cancel()
	for _, p := range parts {
		select {
		case <-p.ended:
		case <-late.Done():
		}
	}
	return c.drop(parts)
}

// drop forgets the partitions and returns what their next owner starts from.
func (c *BatchConsumer) drop(parts []*batchPartition) map[*claim]mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := map[*claim]mark{}
	for _, p := range parts {
		if p.handled >= 0 && p.handled != p.committed {
			marks[p.claim] = mark{p.handled, planVersion}
		}
		c.bytes -= p.bytes
		p.dropped = true
		delete(c.parts, p.claim)
	}
	c.press()
	return marks
}
