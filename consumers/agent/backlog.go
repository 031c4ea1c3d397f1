package agent

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/producers/broker"
)

// fillPage is how many runs are read from the store at a time.
const fillPage = 1000

// offer queues a run that was just stored, or leaves it to the store while the backlog is full. It never blocks:
// decisions come through the same slots of the runtime, and one of them may be what makes room.
func (s *schedule) offer(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[e.runID] {
		return
	}
	// Behind spilled runs nothing may be queued: one of them may be earlier in the same thread.
	if s.spilled || s.full() && !s.behindPerson(e.threadID) {
		s.spilled, s.missed = true, true
		return
	}
	s.put(e, false)
}

// wait queues a run that waits for a person since an earlier process. Nothing of its thread may be queued before it.
func (s *schedule) wait(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known[e.runID] {
		s.put(e, true)
	}
}

// load queues a run that was read from the store. It returns false when the backlog is full.
func (s *schedule) load(e entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[e.runID] {
		return true
	}
	if s.full() && !s.behindPerson(e.threadID) {
		return false
	}
	s.put(e, false)
	return true
}

func (s *schedule) full() bool { return s.counted >= s.backlog }

func (s *schedule) behindPerson(threadID string) bool {
	t := s.threads[threadID]
	return t != nil && t.waiting
}

// release gives an entry's place back. The caller holds mu.
func (s *schedule) release(e *entry) {
	if !e.counted {
		return
	}
	e.counted = false
	s.counted--
	if s.spilled && s.counted <= s.backlog/2 {
		select {
		case s.low <- struct{}{}:
		default:
		}
	}
}

// reading says that the store is about to be read from the start.
func (s *schedule) reading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed = false
}

// complete says that all that the store had was loaded. It returns false when that is no longer all.
func (s *schedule) complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spilled = s.missed
	return !s.spilled
}

// takeUp queues the runs of earlier processes. Those that wait for a person come first: they are the first of
// their threads, and a decision must find them.
func (a *Agent) takeUp(ctx context.Context) error {
	err := a.unfinished(ctx, checkpoint.StatusInterrupted, func(e entry) bool {
		a.schedule.wait(e)
		return true
	})
	if err != nil {
		return err
	}
	return a.fill(ctx)
}

// fill queues stored runs until the backlog is full or the store has no more.
func (a *Agent) fill(ctx context.Context) error {
	for {
		a.schedule.reading()
		full := false
		err := a.unfinished(ctx, checkpoint.StatusQueued, func(e entry) bool {
			full = !a.schedule.load(e)
			return !full
		})
		if err != nil || full || a.schedule.complete() {
			return err
		}
	}
}

// unfinished hands out stored runs in the order of acceptance until fn returns false.
func (a *Agent) unfinished(ctx context.Context, status checkpoint.Status, fn func(entry) bool) error {
	for after := int64(0); ; {
		page, err := a.store.Unfinished(ctx, status, after, fillPage)
		if err != nil {
			return fmt.Errorf("looking for unfinished runs: %w", err)
		}
		for _, run := range page {
			after = run.Seq
			// Whether an earlier process has begun the run is not known; one that has not is none the worse.
			if !fn(entry{runID: run.ID, threadID: run.ThreadID, recovered: true}) {
				return nil
			}
		}
		if len(page) < fillPage {
			return nil
		}
	}
}

// refill fills the schedule whenever it runs low, until ctx ends.
func (a *Agent) refill(ctx context.Context) {
	wait := broker.Backoff()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.schedule.low:
		}
		for {
			err := a.fill(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			a.deps.Logger.Warn("reading waiting runs failed, trying again", "error", err)
			pause(ctx, wait.NextBackOff())
		}
		wait.Reset()
	}
}
