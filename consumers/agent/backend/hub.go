package backend

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/agent/api"
)

const (
	// keep is how long the events of a run that has ended can be watched again.
	keep = 5 * time.Minute
	// mostEnded bounds how many ended runs are kept.
	mostEnded = 1000
)

// hub keeps the events of runs for those who watch.
type hub struct {
	now func() time.Time

	mu sync.Mutex
	// runs are by the API's id, targets lead to the one that a run of the store works for.
	runs    map[string]*tape
	targets map[string]*tape
	busy    map[string]bool
	ended   []*tape
}

// tape is what happened in a run. Changed is closed and replaced with each event.
type tape struct {
	id      string
	events  []api.Event
	over    bool
	at      time.Time
	changed chan struct{}
}

func newHub(now func() time.Time) *hub {
	return &hub{now: now, runs: map[string]*tape{}, targets: map[string]*tape{}, busy: map[string]bool{}}
}

// open begins the tape of a run for which a run of the store works from now on.
func (h *hub) open(id, target string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tape(id, target)
}

func (h *hub) tape(id, target string) *tape {
	t := h.runs[id]
	if t == nil {
		t = &tape{id: id, changed: make(chan struct{})}
		h.runs[id] = t
	}
	if !t.over {
		h.targets[target] = t
	}
	return t
}

// watched says whether somebody wants the events of a run of the store.
func (h *hub) watched(target string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.targets[target] != nil
}

func (h *hub) running(target string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy[target]
}

func (h *hub) begin(target string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy[target] = true
}

// add appends an event to the tape of a run of the store.
func (h *hub) add(target string, e api.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.targets[target]; t != nil {
		t.events = append(t.events, e)
		t.wake()
	}
}

func (t *tape) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// close ends the tape of a run of the store that has stopped: done, failed or waiting for an answer.
func (h *hub) close(target string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.busy, target)
	t := h.targets[target]
	if t == nil {
		return
	}
	delete(h.targets, target)
	if err != nil {
		t.events = append(t.events, api.Event{At: h.now().UTC(), Failed: failure(err.Error())})
	}
	t.over, t.at = true, h.now()
	t.wake()
	h.ended = append(h.ended, t)
	for len(h.ended) > mostEnded || len(h.ended) > 0 && h.now().Sub(h.ended[0].at) > keep {
		delete(h.runs, h.ended[0].id)
		h.ended = h.ended[1:]
	}
}

// Events yields the events of a run as they come, and ends when the run has stopped.
func (b *Backend) Events(ctx context.Context, runID string) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		t, err := b.watch(ctx, runID)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		for seen := 0; t != nil; {
			b.hub.mu.Lock()
			fresh, over, changed := t.events[seen:], t.over, t.changed
			b.hub.mu.Unlock()
			for _, e := range fresh {
				if !yield(e, nil) {
					return
				}
			}
			if seen += len(fresh); len(fresh) > 0 {
				continue
			}
			if over {
				return
			}
			select {
			case <-ctx.Done():
				yield(api.Event{}, ctx.Err())
				return
			case <-changed:
			}
		}
	}
}

// watch returns the tape of a run, or nil for one that has stopped and of which nothing is kept.
// One that is under way, since an earlier process or over Kafka, is watched from here on.
func (b *Backend) watch(ctx context.Context, runID string) (*tape, error) {
	r, err := b.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	b.hub.mu.Lock()
	t := b.hub.runs[runID]
	if t == nil {
		t = b.hub.tape(runID, r.Target)
	}
	b.hub.mu.Unlock()
	if t.over {
		return t, nil
	}
	// It may have stopped before the tape was there.
	run, err := b.current(ctx, r)
	if err != nil {
		return nil, err
	}
	if run.Status != api.RunPending && run.Status != api.RunRunning {
		b.hub.close(r.Target, nil)
	}
	return t, nil
}
