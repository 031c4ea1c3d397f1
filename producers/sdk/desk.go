package sdk

import (
	"container/list"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// recentBytes bounds the answers that a client remembers.
const recentBytes = 64 << 20

// desk hands answers and chunks to those who wait for them, by query id, and remembers recent answers.
// The reader never blocks on a waiter: it leaves things on the desk and wakes the waiter up.
type desk struct {
	mu      sync.Mutex
	waiting map[string][]*waiter
	reviews map[string]*ReviewState  // by review id, of queries that are waited for
	recent  map[string]*list.Element // of *memo
	order   *list.List               // oldest first
	bytes   int
	limit   int
}

// memo is what is known about a query. answer is nil until it is answered.
type memo struct {
	queryID string
	answer  *Answer
	bytes   int
}

// waiter is one call that waits. Its fields belong to the desk's lock.
type waiter struct {
	wake    chan struct{}
	stream  bool
	chunks  []*event.AnswerChunk
	reviews []ReviewState
	answer  *Answer
}

func newDesk(limit int) *desk {
	return &desk{waiting: map[string][]*waiter{}, reviews: map[string]*ReviewState{}, recent: map[string]*list.Element{}, order: list.New(), limit: limit}
}

// wait registers a call before its question is published.
func (d *desk) wait(queryID string, stream bool) *waiter {
	w := &waiter{wake: make(chan struct{}, 1), stream: stream}
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.recent[queryID]; ok {
		w.answer = known.Value.(*memo).answer
	}
	d.waiting[queryID] = append(d.waiting[queryID], w)
	return w
}

func (d *desk) leave(queryID string, w *waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rest := slices.DeleteFunc(d.waiting[queryID], func(other *waiter) bool { return other == w })
	if len(rest) == 0 {
		delete(d.waiting, queryID)
		maps.DeleteFunc(d.reviews, func(_ string, r *ReviewState) bool { return r.Requested.GetQueryId() == queryID })
		return
	}
	d.waiting[queryID] = rest
}

// collect takes what has come for a waiter since the last time.
func (d *desk) collect(w *waiter) ([]*event.AnswerChunk, []ReviewState, *Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	chunks, reviews := w.chunks, w.reviews
	w.chunks, w.reviews = nil, nil
	if w.answer == nil {
		return chunks, reviews, nil
	}
	return chunks, reviews, w.answer.clone()
}

func (d *desk) chunk(m *event.AnswerChunk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.waiting[m.GetQueryId()] {
		if w.stream {
			w.chunks = append(w.chunks, m)
			w.signal()
		}
	}
}

// answered keeps the first answer to a query: a second one is a repeat.
func (d *desk) answered(a *Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.remember(a.GetQueryId())
	if m.answer == nil {
		m.answer = a
		m.bytes = proto.Size(a.AnswerGiven)
		d.bytes += m.bytes
		d.forget()
	}
	for _, w := range d.waiting[a.GetQueryId()] {
		w.answer = m.answer
		w.signal()
	}
}

// asked remembers that a query waits for its answer.
func (d *desk) asked(queryID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remember(queryID)
}

func (d *desk) recall(queryID string) (*Answer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.recent[queryID]
	if !ok {
		return nil, false
	}
	if answer := known.Value.(*memo).answer; answer != nil {
		return answer.clone(), true
	}
	return nil, true
}

func (d *desk) remember(queryID string) *memo {
	if known, ok := d.recent[queryID]; ok {
		return known.Value.(*memo)
	}
	m := &memo{queryID: queryID}
	d.recent[queryID] = d.order.PushBack(m)
	d.forget()
	return m
}

// forget drops the oldest memos until the bounds hold; the newest stays.
func (d *desk) forget() {
	for d.order.Len() > 1 && (d.order.Len() > d.limit || d.bytes > recentBytes) {
		oldest := d.order.Remove(d.order.Front()).(*memo)
		delete(d.recent, oldest.queryID)
		d.bytes -= oldest.bytes
	}
}

func (w *waiter) signal() {
	select {
	case w.wake <- struct{}{}:
	default: // already awake
	}
}
