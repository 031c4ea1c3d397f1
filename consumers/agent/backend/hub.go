package backend

import (
	"slices"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/graph"
)

const (
	// keep is how long the events of a run that has ended can be watched again.
	keep = 5 * time.Minute
	// mostEnded bounds how many ended runs are kept, mostBytes what all events weigh.
	mostEnded = 1000
	mostBytes = 64 << 20
)

// hub keeps the events of runs for those who watch.
type hub struct {
	now  func() time.Time
	most int // bytes

	mu sync.Mutex
	// runs are by the API's id. Targets has the open ones of each run of the store: several runs of the API may wait for one.
	runs    map[string]*tape
	targets map[string][]*tape
	busy    map[string]*work
	ended   []*tape // oldest first
	bytes   int
}

// work is a stretch of work of this process on a run of the store.
type work struct {
	// over means that the store has been seen to have the run's end, of which the worker has not told.
	over bool
}

func newHub(now func() time.Time) *hub {
	return &hub{now: now, most: mostBytes, runs: map[string]*tape{}, targets: map[string][]*tape{}, busy: map[string]*work{}}
}

// lock also forgets what has been kept long enough. It returns how to unlock.
func (h *hub) lock() func() {
	h.mu.Lock()
	h.evict()
	return h.mu.Unlock
}

// open returns the tape of a run, and whether it is a new one. A new one gets what its run of the store does from now on.
func (h *hub) open(id, target string) (*tape, bool) {
	defer h.lock()()
	if t := h.runs[id]; t != nil {
		return t, false
	}
	t := &tape{id: id, target: target, changed: make(chan struct{})}
	h.runs[id] = t
	h.targets[target] = append(h.targets[target], t)
	return t, true
}

func (h *hub) tape(id string) *tape {
	defer h.lock()()
	return h.runs[id]
}

// watched says whether somebody wants the events of a run of the store.
func (h *hub) watched(target string) bool {
	defer h.lock()()
	return len(h.targets[target]) > 0
}

func (h *hub) running(target string) bool {
	defer h.lock()()
	return h.busy[target] != nil
}

func (h *hub) begin(target string) {
	defer h.lock()()
	h.busy[target] = &work{}
}

// add appends an event to all open tapes of a run of the store. State is what the event holds on to, nil for the one before.
func (h *hub) add(target string, e api.Event, state graph.State) {
	defer h.lock()()
	for _, t := range h.targets[target] {
		h.bytes += t.add(e, state)
	}
	h.evict()
	h.trim()
}

// close ends all tapes of a run of the store that has stopped: done, failed or waiting for an answer.
func (h *hub) close(target string, failed *api.RunFailure) {
	defer h.lock()()
	delete(h.busy, target)
	for _, t := range slices.Clone(h.targets[target]) {
		h.end(t, failed)
	}
	h.evict()
}

// finish ends one tape and leaves the others of its target alone.
func (h *hub) finish(t *tape, failed *api.RunFailure) {
	defer h.lock()()
	h.end(t, failed)
	h.evict()
}

// end is finish for who holds mu. An empty tape is not kept: the store says as much.
func (h *hub) end(t *tape, failed *api.RunFailure) {
	if t.over {
		return
	}
	h.targets[t.target] = slices.DeleteFunc(h.targets[t.target], func(other *tape) bool { return other == t })
	if len(h.targets[t.target]) == 0 {
		delete(h.targets, t.target)
	}
	if failed != nil {
		h.bytes += t.add(api.Event{At: h.now().UTC(), Failed: failed}, nil)
	}
	t.over, t.at = true, h.now()
	t.wake()
	if len(t.entries) == 0 {
		delete(h.runs, t.id)
		return
	}
	h.ended = append(h.ended, t)
}

// evict forgets ended tapes that are too old, too many or too large, oldest first. The caller holds mu.
func (h *hub) evict() {
	for len(h.ended) > 0 && (len(h.ended) > mostEnded || h.bytes > h.most || h.now().Sub(h.ended[0].at) > keep) {
		t := h.ended[0]
		h.ended[0], h.ended = nil, h.ended[1:]
		delete(h.runs, t.id)
		h.bytes -= t.bytes
	}
}

// trim forgets the older half of the largest open tape until all fit. The caller holds mu.
func (h *hub) trim() {
	for h.bytes > h.most {
		var largest *tape
		for _, t := range h.runs {
			if len(t.entries) > 1 && (largest == nil || t.bytes > largest.bytes) {
				largest = t
			}
		}
		if largest == nil {
			return
		}
		h.bytes -= largest.cut(len(largest.entries) / 2)
	}
}

// live returns the open tapes on whose runs nobody works here.
func (h *hub) live() []*tape {
	defer h.lock()()
	var out []*tape
	for target, tapes := range h.targets {
		if h.busy[target] == nil {
			out = append(out, tapes...)
		}
	}
	return out
}

func (h *hub) working() map[string]*work {
	defer h.lock()()
	out := map[string]*work{}
	for target, w := range h.busy {
		out[target] = w
	}
	return out
}

// seen notes whether the store has the end of a stretch of work. A worker that is about to tell of it has the time until the
// next look: then the run is taken to have left this process.
func (h *hub) seen(target string, w *work, over bool) {
	defer h.lock()()
	if h.busy[target] != w {
		return
	}
	if over && w.over {
		delete(h.busy, target)
	}
	w.over = over
}
