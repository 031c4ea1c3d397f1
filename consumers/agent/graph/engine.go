package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Config of an engine.
type Config struct {
	// Limit is the most super-steps of a run. Defaults to 1000.
	Limit int
	// SnapshotEvery is the least number of checkpoints between two snapshots. Defaults to 32.
	SnapshotEvery int
	// MaxState is the largest state in bytes of JSON. Defaults to 16 MiB.
	MaxState int
	// Grace is how long a node may go on after it was canceled or timed out before it is left behind. Defaults to 5 s.
	Grace time.Duration
	// Older are earlier versions of the graph, for the runs that were begun on them.
	Older []*Graph
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// Engine runs one graph on one store. Runs of one thread must not overlap; the caller sees to that.
type Engine struct {
	graph *Graph
	older map[string]*Graph
	store checkpoint.Checkpoints
	cfg   Config
}

// NewEngine checks the graph and returns an engine for it.
func NewEngine(g *Graph, store checkpoint.Checkpoints, cfg Config) (*Engine, error) {
	e := &Engine{graph: g, older: map[string]*Graph{}, store: store, cfg: cfg.withDefaults()}
	for _, g := range append(slices.Clone(cfg.Older), g) { // of two with one version the current graph counts
		if err := g.Validate(); err != nil {
			return nil, fmt.Errorf("checking graph: %w", err)
		}
		e.older[g.Version()] = g
	}
	return e, nil
}

func (c Config) withDefaults() Config {
	if c.Limit == 0 {
		c.Limit = 1000
	}
	if c.SnapshotEvery == 0 {
		c.SnapshotEvery = 32
	}
	if c.MaxState == 0 {
		c.MaxState = 16 << 20
	}
	if c.Grace == 0 {
		c.Grace = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Graph returns the graph that new runs begin on.
func (e *Engine) Graph() *Graph { return e.graph }

// Request is a run to begin or to continue.
type Request struct {
	ThreadID string
	RunID    string
	// Input is applied to the thread's state, unless the thread's newest checkpoint is of this run already.
	Input []checkpoint.Write
	// From is the checkpoint to begin at, instead of the newest of the thread: the run makes a branch.
	From string
	// Continue goes on with the tasks that come next after the checkpoint, instead of beginning at Start. Input then edits the state.
	Continue bool
	// Goto replaces the tasks that come next, for Continue. End alone leaves none.
	Goto []string
	// InterruptBefore and InterruptAfter add to the breakpoints of the graph.
	InterruptBefore, InterruptAfter []string
	// Limit is the most super-steps of this run, if it is less than the engine's.
	Limit int
	// Recovered means that an earlier process may have run the next super-step.
	Recovered bool
	// Lease fences the run's commits. Nil where one process owns the store.
	Lease *checkpoint.Lease
	// Drain, if set, stops the run after the super-step during which it is closed.
	Drain <-chan struct{}
	// Hook, if set, sees every commit of a super-step before it is stored and may add messages to it.
	// Siblings that finish at the same time call it at the same time.
	Hook func(ctx context.Context, s *Super) error
	// Observe, if set, is told what happens as it happens. It must not block; siblings call it at the same time.
	Observe func(Event)
}

// Outcome is how Run ended.
type Outcome struct {
	// Status is done or interrupted.
	Status     checkpoint.Status
	State      State
	Interrupts []checkpoint.Interrupt
}

// Super is a commit on its way into the store.
type Super struct {
	Request Request
	// RunStep counts the super-steps of the run, from 1.
	RunStep int
	// Tasks are those that this commit stores for the first time.
	Tasks []TaskResult
	// State is the state after the super-step, or before it when siblings are not done.
	State State
	// Commit may be added to. Its Status says whether the run is done or interrupted.
	Commit *checkpoint.Commit
}

// TaskResult is a task that has finished or asks.
type TaskResult struct {
	ID   string
	Node string
	// Path tells the tasks of a super-step apart: the node's name, and for what was sent its number behind it.
	Path      string
	Started   time.Time
	Ended     time.Time
	Notes     []any
	Interrupt *checkpoint.Interrupt
	// Asked means that the interrupt was stored before: a run that goes on asks again what was not answered.
	Asked bool
}

// cursor is where a run stands.
type cursor struct {
	req   Request
	now   func() time.Time
	graph *Graph
	// head is never changed, only replaced: events point to it.
	head  *checkpoint.Checkpoint
	state State
	// ran is the goroutine that the run has.
	ran *ran
	// runStep counts the super-steps of the run that are stored.
	runStep int
	// since and bytes measure the writes after the last snapshot.
	since, bytes int
	// made means that head was stored by this call, ended that the run was ended with it.
	made, ended bool
	// line is what load read, parked what an edit counts in.
	line   []checkpoint.Checkpoint
	parked []checkpoint.Write
}

// load rebuilds the state at a checkpoint, or at the newest of the thread.
func (e *Engine) load(ctx context.Context, req Request, checkpointID string) (*cursor, error) {
	line, err := e.store.Load(ctx, req.ThreadID, checkpointID)
	if err != nil {
		return nil, fmt.Errorf("loading thread %s: %w", req.ThreadID, err)
	}
	c := &cursor{req: req, now: e.cfg.Now, graph: e.graph, head: &checkpoint.Checkpoint{}, state: State{}, line: line}
	for _, p := range line {
		state, err := e.follow(c.state, p)
		if err != nil {
			return nil, fmt.Errorf("rebuilding checkpoint %s: %w", p.ID, err)
		}
		c.move(p, state)
	}
	c.runStep = 0
	if c.head.RunID == req.RunID {
		c.runStep = c.head.RunStep
	}
	return c, nil
}

// follow applies a checkpoint to its parent's state, with the reducers of the graph that made it if this engine has it.
// What another version wrote to keys that are gone stays behind, as in LangGraph: a thread must not be lost to an edit of the graph.
func (e *Engine) follow(parent State, p checkpoint.Checkpoint) (State, error) {
	if p.Snapshot != nil {
		return p.Snapshot, nil
	}
	if g, ok := e.older[p.Graph]; ok {
		return g.apply(parent, p.Writes)
	}
	if p.Graph == "" {
		return e.graph.apply(parent, p.Writes)
	}
	gone := func(w checkpoint.Write) bool { return e.graph.key(w.Key) == nil }
	return e.graph.apply(parent, slices.DeleteFunc(slices.Clone(p.Writes), gone))
}

// checkpoint completes a child of the cursor's head and decides whether it carries a snapshot:
// not more often than every k steps, nor before the writes weigh as much as the state. So storage stays linear.
func (e *Engine) checkpoint(c *cursor, state State, out checkpoint.Checkpoint) checkpoint.Checkpoint {
	out.ID = newID()
	out.ThreadID, out.RunID, out.ParentID = c.req.ThreadID, c.req.RunID, c.head.ID
	out.Graph, out.CreatedAt = c.graph.Version(), e.cfg.Now().UTC()
	whole := out.Source == checkpoint.SourceLoop // what edits leave behind looks back at the last super-step
	if whole && c.since+1 >= e.cfg.SnapshotEvery && c.bytes+size(out.Writes) >= stateSize(state) {
		out.Snapshot = state
	}
	return out
}

// move makes p the head.
func (c *cursor) move(p checkpoint.Checkpoint, state State) {
	c.since, c.bytes = c.since+1, c.bytes+size(p.Writes)
	if p.Snapshot != nil {
		c.since, c.bytes = 0, 0
	}
	c.head, c.state, c.runStep = &p, state, p.RunStep
}

// reduce applies writes within the bound on the state's size.
func (e *Engine) reduce(c *cursor, writes []checkpoint.Write) (State, error) {
	state, err := c.graph.apply(c.state, writes)
	if err != nil {
		return nil, err
	}
	return e.bounded(state)
}

func (e *Engine) bounded(state State) (State, error) {
	if n := stateSize(state); n > e.cfg.MaxState {
		return nil, fmt.Errorf("%w: %d bytes, the most are %d", ErrStateSize, n, e.cfg.MaxState)
	}
	return state, nil
}

func size(writes []checkpoint.Write) int {
	n := 0
	for _, w := range writes {
		n += len(w.Key) + len(w.Value)
	}
	return n
}

func stateSize(s map[string]json.RawMessage) int {
	n := 0
	for k, v := range s {
		n += len(k) + len(v)
	}
	return n
}
