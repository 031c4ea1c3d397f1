package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// batchPartition is the task of one claim: it cuts batches, announces them and has them handled. The fields below
// ctx are guarded by BatchConsumer.mu.
type batchPartition struct {
	*claim
	c     *BatchConsumer
	wake  chan struct{}
	ended chan struct{} // closed when run has returned

	// going ends when the partition is to be released: nothing new starts, what runs goes on until claim.ctx ends.
	going context.Context
	halt  context.CancelFunc

	started, dropped, paused bool
	high                     int64

	queue []*kgo.Record
	since time.Time // when the first of queue came
	// queued counts the bytes of queue, bytes those of the batch in hand as well.
	queued, bytes int64

	// from is where the next batch starts, -1 when nothing was ever committed.
	from      int64
	replaying bool
	replayTo  int64

	// handled is the end of the last handled batch, committed the offset of the last commit.
	handled, committed int64
	handledAt          time.Time
	// hand is the memory of the batch that was cut last. Only run uses it.
	hand *hand
	// inHand is the time of the first record of the batch that is being handled.
	inHand time.Time
}

func newBatchPartition(c *BatchConsumer, cl *claim) *batchPartition {
	p := &batchPartition{claim: cl, c: c, wake: make(chan struct{}, 1), ended: make(chan struct{}), from: -1, handled: -1, committed: -1}
	p.going, p.halt = context.WithCancel(cl.ctx)
	return p
}

// start sets the position and the plan of the former owner.
func (p *batchPartition) start(offset int64, metadata string) {
	p.started = true
	p.from, p.handled, p.committed = offset, offset, offset
	p.replayTo = announced(offset, metadata)
	p.replaying = offset >= 0 && p.replayTo > offset
}

func (p *batchPartition) push(r *kgo.Record) {
	if len(p.queue) == 0 {
		p.since = time.Now()
	}
	p.queue = append(p.queue, r)
	size := sizeOfFetched(r)
	p.queued += size
	p.bytes += size
	p.c.bytes += size
}

func (p *batchPartition) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// pressure says whether a whole batch waits in the queue, and whether less than half of one does. A partition that
// replays has to read its batch whole before it can give memory back, so it is never full before.
func (p *batchPartition) pressure() (full, low bool) {
	if p.replaying && !p.complete() {
		return false, true
	}
	full = len(p.queue) >= p.c.cfg.BatchMaxRecords || p.queued >= p.c.cfg.BatchMaxBytes
	low = len(p.queue) <= p.c.cfg.BatchMaxRecords/2 && p.queued <= p.c.cfg.BatchMaxBytes/2
	return full, low
}

// complete says whether the queue holds all that is left of the announced batch. Its last records may be missing
// (compaction), then a later record shows that it is complete.
func (p *batchPartition) complete() bool {
	return len(p.queue) > 0 && p.queue[len(p.queue)-1].Offset+1 >= p.replayTo
}

// run is the task. It returns when the partition is to be released.
func (p *batchPartition) run() {
	defer close(p.ended)
	defer p.halt()
	if !p.checkPlan() {
		return
	}
	for {
		b, ok := p.next()
		if !ok {
			return
		}
		if !b.Replayed && !p.commit(mark{b.From, announce(b.To)}) {
			return
		}
		if !p.handle(b) {
			return
		}
		p.settle(b)
	}
}

// checkPlan drops a plan whose records are gone from the log: retention was faster, or the topic is another one.
func (p *batchPartition) checkPlan() bool {
	p.c.mu.Lock()
	replaying := p.replaying
	p.c.mu.Unlock()
	if !replaying {
		return true
	}
	var start, end int64
	err := p.c.persist(p.going, "reading offsets", func() error {
		var err error
		start, end, err = p.extent()
		return err
	})
	if err != nil {
		return false
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if start >= p.replayTo || end < p.replayTo {
		p.c.deps.Logger.Warn("the announced batch is gone from the log, going on after it", "topic", p.topic,
			"partition", p.claim.partition, "from", p.from, "to", p.replayTo, "log_start", start, "log_end", end)
		p.replaying = false
		p.from = min(max(p.from, start), end)
	}
	return true
}

func (p *batchPartition) extent() (start, end int64, err error) {
	ctx, cancel := context.WithTimeout(p.going, p.c.cfg.requestTimeout())
	defer cancel()
	adm := kadm.NewClient(p.c.client)
	starts, err := adm.ListStartOffsets(ctx, p.topic)
	if err != nil {
		return 0, 0, fmt.Errorf("listing start offsets of %s: %w", p.topic, err)
	}
	ends, err := adm.ListEndOffsets(ctx, p.topic)
	if err != nil {
		return 0, 0, fmt.Errorf("listing end offsets of %s: %w", p.topic, err)
	}
	s, ok1 := starts.Lookup(p.topic, p.claim.partition)
	e, ok2 := ends.Lookup(p.topic, p.claim.partition)
	switch {
	case !ok1 || !ok2:
		return 0, 0, errUnanswered
	case s.Err != nil:
		return 0, 0, s.Err
	}
	return s.Offset, e.Offset, e.Err
}

// commit announces or acknowledges. It reports false when the partition is to be released.
func (p *batchPartition) commit(k mark) bool {
	if !p.c.announcer.commit(p.going, p.claim, k) {
		return false
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.committed = k.offset
	return true
}

// settle counts b as handled. Its records end here; those of a batch that was given up are left alone, because its
// handler may be running still.
func (p *batchPartition) settle(b Batch) {
	p.c.giveBack(p.hand)
	p.hand = nil
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.handled, p.from, p.handledAt, p.inHand = b.To, b.To, time.Now(), time.Time{}
	freed := p.bytes - p.queued
	p.bytes = p.queued
	if !p.dropped {
		p.c.bytes -= freed
		p.c.press()
	}
}
