package stream

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ragline/ragline/schemas/event"
)

// task is one fetched record on its way to done.
type task struct {
	part   *partition
	lane   *lane
	record event.Record
	event  event.Event
	size   int64

	attempts    int
	started     time.Time // of the first attempt
	firstFailed time.Time
	retry       *time.Timer
	done        bool
}

// partition tracks the records of one claim. It is guarded by Consumer.mu.
type partition struct {
	*claim
	// pending are the tasks in the order of the log. The first is never done: its offset is the watermark.
	pending []*task
	lanes   map[string]*lane
	// next is the offset after the last fetched record, -1 before the first.
	next      int64
	committed int64
	high      int64
	paused    bool

	// running counts tasks that a handler has or that are being published.
	running int
	stopped bool
	idle    chan struct{} // closed once stopped and running is 0
}

// lane is the FIFO of one key. Only its first task runs.
type lane struct {
	part  *partition
	key   string
	tasks []*task
}

func newPartition(c *claim) *partition {
	return &partition{claim: c, lanes: map[string]*lane{}, next: -1, committed: -1, idle: make(chan struct{})}
}

// watermark is the offset below which everything is done, or -1 when nothing is known yet.
func (p *partition) watermark() int64 {
	if len(p.pending) > 0 {
		return p.pending[0].record.Offset
	}
	return p.next
}

// finish marks t as done and drops what is done from the head. Of what has to wait behind a slow head only the offset and
// the time are kept: its bytes were given back to the budget.
func (p *partition) finish(t *task) {
	t.done = true
	t.record.Key, t.record.Value, t.record.Headers, t.event = nil, nil, nil, event.Event{}
	for len(p.pending) > 0 && p.pending[0].done {
		p.pending[0] = nil
		p.pending = p.pending[1:]
	}
}

// lag returns the records between the watermark and the end of the log, and the age of the oldest.
func (p *partition) lag(now time.Time) (int64, float64) {
	low := p.watermark()
	if low < 0 {
		low = p.committed
	}
	if len(p.pending) == 0 {
		return p.high - low, 0
	}
	return p.high - low, now.Sub(p.pending[0].record.Timestamp).Seconds()
}

// enqueue appends t to the lane of its key and reports whether the lane was empty. Without a key there is no order.
func (p *partition) enqueue(t *task) bool {
	if t.event.Key == "" {
		t.lane = &lane{part: p, tasks: []*task{t}}
		return true
	}
	l := p.lanes[t.event.Key]
	if l == nil {
		l = &lane{part: p, key: t.event.Key}
		p.lanes[l.key] = l
	}
	l.tasks = append(l.tasks, t)
	t.lane = l
	return len(l.tasks) == 1
}

// dequeue removes the first task of its lane and reports whether another follows.
func (p *partition) dequeue(l *lane) bool {
	l.tasks[0] = nil
	l.tasks = l.tasks[1:]
	if len(l.tasks) > 0 {
		return true
	}
	if p.lanes[l.key] == l {
		delete(p.lanes, l.key)
	}
	return false
}

// besideRecord is roughly what we hold beside the bytes of a record.
const besideRecord = 256

// sizeOf is what a record counts against the budget.
func sizeOf(r event.Record) int64 {
	n := len(r.Key) + len(r.Value) + besideRecord
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}

// sizeOfFetched is sizeOf before the record is converted.
func sizeOfFetched(r *kgo.Record) int64 {
	n := len(r.Key) + len(r.Value) + besideRecord
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}
