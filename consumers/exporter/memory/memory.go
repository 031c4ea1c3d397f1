package memory

import (
	"container/list"
	"context"
	"sync"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// Name is the backend's name in OBSERVABILITY_BACKEND.
const Name = "memory"

// Trace is what is known of one trace. Its messages must not be changed.
type Trace struct {
	ID       string
	Spans    []*event.SpanEnded
	Scores   []*event.ScoreGiven
	Feedback []*event.FeedbackGiven
}

// Store keeps the last traces. It may be used from any goroutine.
type Store struct {
	limit int

	mu     sync.Mutex
	order  *list.List // of *entry, the least recently touched first
	traces map[string]*list.Element
}

type entry struct {
	trace Trace
	seen  map[string]bool // event ids, and span ids under "span:"
}

var _ trace.Backend = (*Store)(nil)

// New returns an empty store.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Store{limit: cfg.Traces, order: list.New(), traces: map[string]*list.Element{}}, nil
}

// Name is "memory".
func (s *Store) Name() string { return Name }

// Export keeps each event once, however often it comes.
func (s *Store) Export(ctx context.Context, b trace.Batch) (trace.Result, error) {
	if err := ctx.Err(); err != nil {
		return trace.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range b.Events {
		switch m := e.Data.(type) {
		case *event.SpanEnded:
			if en := s.touch(m.GetTraceId(), "span:"+m.GetSpanId()); en != nil {
				en.trace.Spans = append(en.trace.Spans, m)
			}
		case *event.ScoreGiven:
			if en := s.touch(m.GetTraceId(), e.ID); en != nil {
				en.trace.Scores = append(en.trace.Scores, m)
			}
		case *event.FeedbackGiven:
			if en := s.touch(m.GetTraceId(), e.ID); en != nil {
				en.trace.Feedback = append(en.trace.Feedback, m)
			}
		}
	}
	return trace.Result{}, nil
}

// touch returns the entry to add to, or nil when there is nothing to add.
func (s *Store) touch(traceID, id string) *entry {
	if traceID == "" { // feedback that knows its query only
		return nil
	}
	el := s.traces[traceID]
	if el == nil {
		el = s.order.PushBack(&entry{trace: Trace{ID: traceID}, seen: map[string]bool{}})
		s.traces[traceID] = el
		s.evict()
	}
	s.order.MoveToBack(el)
	en := el.Value.(*entry)
	if en.seen[id] || len(en.seen) >= maxTraceEvents {
		return nil
	}
	en.seen[id] = true
	return en
}

func (s *Store) evict() {
	for s.order.Len() > s.limit {
		oldest := s.order.Remove(s.order.Front()).(*entry)
		delete(s.traces, oldest.trace.ID)
	}
}

// Trace returns a trace by its id.
func (s *Store) Trace(id string) (Trace, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	el := s.traces[id]
	if el == nil {
		return Trace{}, false
	}
	return el.Value.(*entry).copy(), true
}

// Recent returns at most n traces, the one that was touched last first.
func (s *Store) Recent(n int) []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	var recent []Trace
	for el := s.order.Back(); el != nil && len(recent) < n; el = el.Prev() {
		recent = append(recent, el.Value.(*entry).copy())
	}
	return recent
}

// copy returns slices of its own, so that the caller may read them while more events come.
func (en *entry) copy() Trace {
	t := en.trace
	t.Spans = append([]*event.SpanEnded(nil), t.Spans...)
	t.Scores = append([]*event.ScoreGiven(nil), t.Scores...)
	t.Feedback = append([]*event.FeedbackGiven(nil), t.Feedback...)
	return t
}
