package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Config of an engine.
type Config struct {
	// Limit is the most super-steps of a run. Defaults to 1000.
	Limit int
	// SnapshotEvery is the least number of checkpoints between two snapshots. Defaults to 32.
	SnapshotEvery int
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// Engine runs one graph on one store. Runs of one thread must not overlap; the caller sees to that.
type Engine struct {
	graph *Graph
	store checkpoint.Checkpoints
	cfg   Config
}

// NewEngine checks the graph and returns an engine for it.
func NewEngine(g *Graph, store checkpoint.Checkpoints, cfg Config) (*Engine, error) {
	if err := g.Validate(); err != nil {
		return nil, fmt.Errorf("checking graph: %w", err)
	}
	if cfg.Limit == 0 {
		cfg.Limit = 1000
	}
	if cfg.SnapshotEvery == 0 {
		cfg.SnapshotEvery = 32
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Engine{graph: g, store: store, cfg: cfg}, nil
}

// Request is a run to begin or to continue.
type Request struct {
	ThreadID string
	RunID    string
	// Input is applied to the thread's state, unless the thread's newest checkpoint is of this run already.
	Input []checkpoint.Write
	// Recovered means that an earlier process may have run the next super-step.
	Recovered bool
	// Hook, if set, sees every commit of a super-step before it is stored and may add messages to it.
	// Siblings that finish at the same time call it at the same time.
	Hook func(ctx context.Context, s *Super) error
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

// TaskResult is a task that has finished.
type TaskResult struct {
	ID        string
	Node      string
	Started   time.Time
	Ended     time.Time
	Notes     []any
	Interrupt *checkpoint.Interrupt
}

// cursor is where a run stands.
type cursor struct {
	req   Request
	head  checkpoint.Checkpoint
	state State
	// since and bytes measure the writes after the last snapshot.
	since, bytes int
	// made means that head was stored by this call.
	made bool
}

// Input returns the checkpoint that would begin the run on the thread as it is now.
func (e *Engine) Input(ctx context.Context, req Request) (*checkpoint.Checkpoint, error) {
	c, err := e.load(ctx, req)
	if err != nil {
		return nil, err
	}
	_, next, err := e.input(c)
	return next, err
}

func (e *Engine) input(c *cursor) (State, *checkpoint.Checkpoint, error) {
	state, err := e.graph.apply(c.state, c.req.Input)
	if err != nil {
		return nil, nil, fmt.Errorf("applying the input: %w", err)
	}
	nodes, err := e.graph.next(Start, Update{Writes: c.req.Input}, c.state)
	if err != nil {
		return nil, nil, err
	}
	step := -1
	if c.head.ID != "" {
		step = c.head.Step + 1
	}
	return state, e.checkpoint(c, state, c.req.Input, checkpoint.Checkpoint{
		Source: checkpoint.SourceInput, Step: step, RunStep: 0, Next: dedup(nodes),
	}), nil
}

// checkpoint completes a child of the cursor's head and decides whether it carries a snapshot:
// not more often than every k steps, nor before the writes weigh as much as the state. So storage stays linear.
func (e *Engine) checkpoint(c *cursor, state State, writes []checkpoint.Write, out checkpoint.Checkpoint) *checkpoint.Checkpoint {
	out.ID = uuid.Must(uuid.NewV7()).String()
	out.ThreadID, out.RunID, out.ParentID = c.req.ThreadID, c.req.RunID, c.head.ID
	out.Writes, out.CreatedAt = writes, e.cfg.Now().UTC()
	if c.since+1 >= e.cfg.SnapshotEvery && c.bytes+size(writes) >= stateSize(state) {
		out.Snapshot = state
	}
	return &out
}

// load finds the newest checkpoint of the thread and rebuilds its state.
func (e *Engine) load(ctx context.Context, req Request) (*cursor, error) {
	line, err := e.store.Load(ctx, req.ThreadID, "")
	if err != nil {
		return nil, fmt.Errorf("loading thread %s: %w", req.ThreadID, err)
	}
	c := &cursor{req: req, state: State{}}
	for _, p := range line {
		if c.state, err = e.follow(c, p); err != nil {
			return nil, fmt.Errorf("rebuilding checkpoint %s: %w", p.ID, err)
		}
		c.move(p, c.state)
	}
	return c, nil
}

func (e *Engine) follow(c *cursor, p checkpoint.Checkpoint) (State, error) {
	if p.Snapshot != nil {
		return p.Snapshot, nil
	}
	return e.graph.apply(c.state, p.Writes)
}

// move makes p the head.
func (c *cursor) move(p checkpoint.Checkpoint, state State) {
	c.since, c.bytes = c.since+1, c.bytes+size(p.Writes)
	if p.Snapshot != nil {
		c.since, c.bytes = 0, 0
	}
	c.head, c.state = p, state
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

func dedup(names []string) []string {
	out := []string{}
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
