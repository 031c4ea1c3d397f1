package backend

import (
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// tape is what happened in a run. The hub guards it. Changed is closed and replaced with each event.
type tape struct {
	id, target string
	// entries begin with the event after the first so many, which were too much to keep.
	entries []entry
	first   int
	bytes   int
	over    bool
	at      time.Time // of its end
	changed chan struct{}
}

// entry is an event with what it keeps in memory.
type entry struct {
	event api.Event
	state graph.State
	// own is what the event alone weighs; size adds those values of the state that the event before does not have.
	own, size int
}

// add appends an event and returns what it weighs.
func (t *tape) add(e api.Event, state graph.State) int {
	var before graph.State
	if n := len(t.entries); n > 0 {
		before = t.entries[n-1].state
	}
	if state == nil {
		state = before
	}
	one := entry{event: e, state: state, own: weight(e)}
	one.size = one.own + fresh(state, before)
	t.entries = append(t.entries, one)
	t.bytes += one.size
	t.wake()
	return one.size
}

func (t *tape) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// cut forgets the n oldest events and returns what that frees. What the oldest one left shared with them counts as its own.
// Readers may still have the old list.
func (t *tape) cut(n int) int {
	before := t.bytes
	for _, e := range t.entries[:n] {
		t.bytes -= e.size
	}
	t.entries = slices.Clone(t.entries[n:])
	t.first += n
	oldest := &t.entries[0]
	t.bytes -= oldest.size
	oldest.size = oldest.own + fresh(oldest.state, nil)
	t.bytes += oldest.size
	return before - t.bytes
}

// since returns the events after so many, and how many there are then.
func (t *tape) since(seen int) ([]entry, int) {
	seen = max(seen, t.first)
	return t.entries[seen-t.first:], t.first + len(t.entries)
}

const (
	eventCost = 512
	taskCost  = 512
)

// weight is about what an event weighs, without the state: states share what has not changed.
func weight(e api.Event) int {
	n := eventCost + len(e.Custom)
	if e.Message != nil {
		n += len(e.Message.Chunk)
	}
	if e.Failed != nil {
		n += len(e.Failed.Message)
	}
	for _, t := range []*api.Task{e.Started, e.Finished} {
		if t != nil {
			n += taskWeight(*t)
		}
	}
	if e.Checkpoint != nil {
		for _, t := range e.Checkpoint.Tasks {
			n += taskWeight(t)
		}
	}
	return n
}

func taskWeight(t api.Task) int {
	n := taskCost + len(t.Error)
	for _, w := range t.Result {
		n += len(w.Value)
	}
	for _, in := range t.Interrupts {
		n += len(in.Value)
	}
	if len(t.Path) > 0 && t.Path[0] == push { // the others get the state
		for _, v := range t.Input {
			n += len(v)
		}
	}
	return n
}

// fresh is the size of the values that another state does not share.
func fresh(state, other graph.State) int {
	n := 0
	for k, v := range state {
		if was := other[k]; len(v) > 0 && (len(was) == 0 || &was[0] != &v[0]) {
			n += len(v)
		}
	}
	return n
}
