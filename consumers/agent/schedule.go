package agent

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// entry is a run in the schedule.
type entry struct {
	runID    string
	threadID string
	// recovered means that an earlier process may have begun the run's next super-step.
	recovered bool
	// counted means that the entry takes a place of the backlog until it begins.
	counted bool
}

// thread is the queue of one conversation. Its first entry is the active one.
type thread struct {
	entries []entry
	// running means that a worker has the first entry, waiting that it waits for a person.
	running, waiting bool
	// again means that the person decided while the worker was still finishing.
	again bool
}

// schedule hands out runs: those of a thread one after the other, in the order of acceptance.
// A run that waits for a person keeps its turn, but no worker.
type schedule struct {
	places *semaphore.Weighted

	mu      sync.Mutex
	threads map[string]*thread
	known   map[string]bool
	ready   []string // threads whose first entry may run
	wake    chan struct{}
	active  int
}

func newSchedule(backlog int) *schedule {
	return &schedule{
		places: semaphore.NewWeighted(int64(backlog)), threads: map[string]*thread{}, known: map[string]bool{}, wake: make(chan struct{}, 1),
	}
}

// room waits for a place in the backlog, which the next counted entry takes.
func (s *schedule) room(ctx context.Context) error { return s.places.Acquire(ctx, 1) }

func (s *schedule) leave() { s.places.Release(1) }

// add queues a run. It returns false when the run is there already.
func (s *schedule) add(e entry, waiting bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[e.runID] {
		return false
	}
	s.known[e.runID] = true
	t := s.threads[e.threadID]
	if t == nil {
		t = &thread{}
		s.threads[e.threadID] = t
	}
	t.entries = append(t.entries, e)
	if len(t.entries) > 1 {
		return true
	}
	if t.waiting = waiting; !waiting {
		s.push(e.threadID)
	}
	return true
}

// push makes a thread's first entry ready. The caller holds mu.
func (s *schedule) push(threadID string) {
	s.ready = append(s.ready, threadID)
	s.signal()
}

func (s *schedule) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next waits for a run. It returns false when ctx has ended.
func (s *schedule) next(ctx context.Context) (entry, bool) {
	for {
		if e, ok := s.take(); ok {
			return e, true
		}
		select {
		case <-ctx.Done():
			return entry{}, false
		case <-s.wake:
		}
	}
}

func (s *schedule) take() (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) == 0 {
		return entry{}, false
	}
	t := s.threads[s.ready[0]]
	s.ready = s.ready[1:]
	if len(s.ready) > 0 {
		s.signal() // one signal may stand for several runs
	}
	t.running = true
	s.active++
	e := t.entries[0]
	if e.counted {
		t.entries[0].counted = false
		s.leave()
	}
	t.entries[0].recovered = false
	return e, true
}

// park gives a run's worker back while the run waits for a person.
func (s *schedule) park(threadID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads[threadID]
	s.active--
	t.running, t.waiting = false, true
	if t.again {
		t.again, t.waiting = false, false
		s.push(threadID)
	}
}

// resume lets a run go on that has its decision.
func (s *schedule) resume(runID, threadID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads[threadID]
	if t == nil || t.entries[0].runID != runID {
		return
	}
	switch {
	case t.running:
		t.again = true
	case t.waiting:
		t.waiting = false
		s.push(threadID)
	}
}

// finish removes a run that has ended and lets the next one of its thread begin.
func (s *schedule) finish(runID, threadID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, runID)
	t := s.threads[threadID]
	s.active--
	t.entries = t.entries[1:]
	t.running, t.waiting, t.again = false, false, false
	if len(t.entries) == 0 {
		delete(s.threads, threadID)
		return
	}
	s.push(threadID)
}

// counts returns how many runs wait for a worker or a person, and how many have a worker.
func (s *schedule) counts() (waiting, active int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) - s.active, s.active
}
