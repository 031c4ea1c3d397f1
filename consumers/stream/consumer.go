package stream

import (
	"context"
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Consumer runs a Handler as a member of its consumer group.
type Consumer struct {
	*member
	handler   Handler
	publisher *broker.Publisher

	running sync.WaitGroup // workers and publishers

	mu       sync.Mutex
	wake     *sync.Cond
	parts    map[*claim]*partition
	ready    []*lane // lanes whose first task may run, oldest first
	bytes    int64
	quitting bool
}

// NewConsumer returns a consumer of topics. It does not connect. It has its part of Deps.Budget until Run returns.
func NewConsumer(cfg Config, deps Deps, topics []string, h Handler) (*Consumer, error) {
	m, err := newMember(cfg, deps, h.Name(), topics)
	if err != nil {
		return nil, err
	}
	c := &Consumer{member: m, handler: h, parts: map[*claim]*partition{}}
	c.wake = sync.NewCond(&c.mu)
	m.work = c
	m.fetchBytes, m.fetchAtOnce = 256<<10, 50<<20 // limits are soft by one fetch: some hundred records
	return c, nil
}

// Ready is closed when the group has given this consumer its partitions for the first time.
func (c *Consumer) Ready() <-chan struct{} { return c.member.ready }

// Run consumes until ctx ends, then finishes what is running, commits, leaves the group and returns nil, all within
// the shutdown timeout. It waits for a Kafka that is away, at the start and later. Run must be called once only.
func (c *Consumer) Run(ctx context.Context) error {
	defer c.account.close()
	err := c.run(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (c *Consumer) run(ctx context.Context) error {
	written := []topic.Topic{named(topic.DeadLetters(c.group))}
	if c.cfg.TraceSample > 0 {
		written = append(written, named(topic.Spans))
	}
	publisher, err := c.deps.Broker.Publisher()
	if err != nil {
		return err
	}
	defer publisher.Close()
	if err := c.open(ctx, written...); err != nil {
		c.close()
		return err
	}
	c.publisher = publisher
	for range c.cfg.Slots {
		c.running.Go(c.worker)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helpers.Go(func() { c.commitLoop(background) })
	helpers.Go(func() { c.followBudget(background, c.pressAgain) })

	c.poll(ctx)
	c.close()
	stop()
	helpers.Wait()
	c.quit()
	return waitFor(&c.running)
}

func named(name string) topic.Topic {
	t, _ := topic.Get(name)
	return t
}

// quit ends the workers.
func (c *Consumer) quit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quitting = true
	c.wake.Broadcast()
}

func (c *Consumer) assigned(cl *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts[cl] = newPartition(cl)
	c.press()
}

func (c *Consumer) fetched(cl *claim, offset int64, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parts[cl]; p != nil {
		p.committed = offset
	}
}

// take admits fetched records.
func (c *Consumer) take(cl *claim, fetched kgo.FetchPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parts[cl]
	if p == nil {
		return
	}
	p.high = fetched.HighWatermark
	for _, r := range fetched.Records {
		c.admit(p, broker.FromRecord(r))
	}
	c.press()
}

// admit decides what a record needs: nothing, a dead letter, or its turn in the lane of its key.
func (c *Consumer) admit(p *partition, r event.Record) {
	p.next = r.Offset + 1
	e, err := topic.Decode(r)
	t := &task{part: p, record: r, event: e, size: sizeOf(r)}
	switch {
	case errors.Is(err, event.ErrUnknownType), err == nil && !wants(c.handler, e):
		c.metrics.outcomes.WithLabelValues(c.group, p.topic, outcomeSkipped).Inc()
		return
	case err != nil:
		c.hold(t)
		p.running++
		c.running.Go(func() { c.bury(t, decodeReason(err), err) })
	default:
		c.hold(t)
		if p.enqueue(t) {
			c.offer(t.lane)
		}
	}
}

func (c *Consumer) hold(t *task) {
	t.part.pending = append(t.part.pending, t)
	c.bytes += t.size
}

// offer gives a lane to the next free slot.
func (c *Consumer) offer(l *lane) {
	c.ready = append(c.ready, l)
	c.wake.Signal()
}

// complete takes t off the books and lets the next of its key run.
func (c *Consumer) complete(t *task, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := t.part
	c.leave(p)
	if c.parts[p.claim] != p {
		return // released: another member may have the partition
	}
	c.metrics.outcomes.WithLabelValues(c.group, p.topic, outcome).Inc()
	c.bytes -= t.size
	p.finish(t)
	if l := t.lane; l != nil {
		t.lane = nil // it holds the key
		if p.dequeue(l) && !p.stopped {
			c.offer(l)
		}
	}
	c.press()
}

// abandon gives a running task up: its partition is being released, the next owner repeats it.
func (c *Consumer) abandon(t *task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics.outcomes.WithLabelValues(c.group, t.part.topic, outcomeAbandoned).Inc()
	c.leave(t.part)
}

// leave counts one running task less.
func (c *Consumer) leave(p *partition) {
	p.running--
	if p.stopped && p.running == 0 {
		close(p.idle)
	}
}
