package agent

import (
	"context"
	"sync"
)

// entry is a run in the schedule.
type entry struct {
	runID    string
	threadID string
	// recovered means that an earlier process may have begun the run's next super-step.
	recovered bool
	// counted means that the entry takes a place of the backlog until it begins, or until a person has to decide first.
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
	backlog int

	mu      sync.Mutex
	threads map[string]*thread
	known   map[string]bool
	rota    rota // threads whose first entry may run
	wake    chan struct{}
	active  int

	counted int // entries that take a place
	// spilled means that the store may have runs that are not here.
	spilled bool
	// missed means that such a run was accepted while the store was being read.
	missed bool
	// low says that spilled runs may be read.
	low chan struct{}
}

// newSchedule returns an empty schedule, which takes the store to have runs.
// A tenant gets at most as many workers as tenantSlots says, if it is not 0.
func newSchedule(backlog, tenantSlots int) *schedule {
	return &schedule{
		backlog: backlog, rota: newRota(tenantSlots), threads: map[string]*thread{}, known: map[string]bool{},
		wake: make(chan struct{}, 1), low: make(chan struct{}, 1), spilled: true,
	}
}

// put queues a run that is not known. The caller holds mu.
func (s *schedule) put(e entry, waiting bool) {
	s.known[e.runID] = true
	t := s.threads[e.threadID]
	if t == nil {
		t = &thread{}
		s.threads[e.threadID] = t
	}
	if e.counted = !waiting && !t.waiting; e.counted {
		s.counted++
	}
	t.entries = append(t.entries, e)
	if len(t.entries) > 1 {
		return
	}
	if t.waiting = waiting; !waiting {
		s.push(e.threadID)
	}
}

// push makes a thread's first entry ready. The caller holds mu.
func (s *schedule) push(threadID string) {
	s.rota.push(threadID)
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
	threadID, ok := s.rota.pop()
	if !ok {
		return entry{}, false
	}
	t := s.threads[threadID]
	if s.rota.any() {
		s.signal() // one signal may stand for several runs
	}
	t.running = true
	s.active++
	e := t.entries[0]
	s.release(&t.entries[0])
	t.entries[0].recovered = false
	return e, true
}

// park gives a run's worker back while the run waits for a person.
func (s *schedule) park(threadID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads[threadID]
	s.free(threadID)
	t.running, t.waiting = false, true
	if t.again {
		t.again, t.waiting = false, false
		s.push(threadID)
		return
	}
	for i := range t.entries {
		s.release(&t.entries[i])
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
	s.free(threadID)
	t.entries = t.entries[1:]
	t.running, t.waiting, t.again = false, false, false
	if len(t.entries) == 0 {
		delete(s.threads, threadID)
		return
	}
	s.push(threadID)
}

// free gives a worker back, which a tenant may have waited for. The caller holds mu.
func (s *schedule) free(threadID string) {
	s.active--
	s.rota.done(threadID)
	if s.rota.any() {
		s.signal()
	}
}

// counts returns how many runs wait for a worker or a person, and how many have a worker.
func (s *schedule) counts() (waiting, active int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) - s.active, s.active
}

// people returns the runs that wait for a person.
func (s *schedule) people() []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []entry
	for _, t := range s.threads {
		if t.waiting {
			out = append(out, t.entries[0])
		}
	}
	return out
}

// forget drops the runs of a thread that another process works on. They come back from the store if it does not.
func (s *schedule) forget(threadID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads[threadID]
	s.free(threadID)
	for i := range t.entries {
		delete(s.known, t.entries[i].runID)
		s.release(&t.entries[i])
	}
	delete(s.threads, threadID)
}
