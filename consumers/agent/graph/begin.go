package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Beginning is what begins a run: checkpoints that are valid as long as Head is the thread's newest.
type Beginning struct {
	Head        string
	Checkpoints []checkpoint.Checkpoint
}

// Begin prepares the checkpoints that begin the run on the thread as it is now. It stores nothing.
func (e *Engine) Begin(ctx context.Context, req Request) (Beginning, error) {
	head, err := e.load(ctx, req, "")
	if err != nil {
		return Beginning{}, err
	}
	b, _, err := e.begin(ctx, head)
	return b, err
}

// begin returns the cursor after the beginning, too.
func (e *Engine) begin(ctx context.Context, head *cursor) (Beginning, *cursor, error) {
	b, c := Beginning{Head: head.head.ID}, head
	var err error
	if c.req.From != "" && c.req.From != c.head.ID {
		if c, err = e.load(ctx, c.req, c.req.From); err != nil {
			return b, nil, err
		}
	}
	if err := c.graph.check(c.req.Input); err != nil {
		return b, nil, fmt.Errorf("reading the input: %w", err)
	}
	c.runStep = 0
	switch {
	case c.req.Continue && c.head.ID == "":
		return b, nil, fmt.Errorf("going on with thread %s: %w", c.req.ThreadID, ErrInput)
	case c.req.Continue && c.req.Goto == nil && !c.graph.knows(c.head.Next):
		return b, nil, fmt.Errorf("going on with thread %s, whose next tasks are of graph %s: %w", c.req.ThreadID, c.head.Graph, ErrVersion)
	case c.req.Continue:
		err = e.fork(ctx, c, &b)
	default:
		err = e.input(c, &b)
	}
	return b, c, err
}

// input applies the input as LangGraph does: a checkpoint with the input still to come, and one in which it has come.
// Tasks that were next before are dropped.
func (e *Engine) input(c *cursor, b *Beginning) error {
	raw, err := json.Marshal(c.req.Input)
	if err != nil {
		return fmt.Errorf("%w: encoding the input: %w", ErrState, err)
	}
	step := -1
	if c.head.ID != "" {
		step = c.head.Step + 1
	}
	e.append(c, b, c.state, checkpoint.Checkpoint{
		Source: checkpoint.SourceInput, Step: step, Next: []checkpoint.Target{{Node: Start, Input: raw}},
	})
	p, state, err := e.take(c, c.req.Input)
	if err != nil {
		return fmt.Errorf("applying the input: %w", err)
	}
	e.append(c, b, state, p)
	return nil
}

// take is the step from Start: the input becomes part of the state. It is no super-step of the run.
func (e *Engine) take(c *cursor, input []checkpoint.Write) (checkpoint.Checkpoint, State, error) {
	targets, err := c.graph.next(Start, Update{Writes: input}, c.state, new(State))
	if err != nil {
		return checkpoint.Checkpoint{}, nil, err
	}
	targets, more, err := c.graph.settle(c.state, []string{Start}, targets)
	if err != nil {
		return checkpoint.Checkpoint{}, nil, err
	}
	writes := slices.Concat(input, more)
	state, err := e.reduce(c, writes)
	return checkpoint.Checkpoint{
		Source: checkpoint.SourceLoop, Step: c.head.Step + 1, RunStep: c.runStep, Nodes: []string{Start}, Next: targets, Writes: writes,
	}, state, err
}

// fork makes a branch of its own for a run that goes on elsewhere, or with another state.
func (e *Engine) fork(ctx context.Context, c *cursor, b *Beginning) error {
	if here, err := e.here(ctx, c, b.Head); here || err != nil {
		return err
	}
	state, err := e.reduce(c, c.req.Input)
	if err != nil {
		return fmt.Errorf("applying the edits: %w", err)
	}
	next := c.head.Next
	if c.req.Goto != nil {
		if next, err = c.graph.next("", Update{Goto: c.req.Goto}, state, new(State)); err != nil {
			return err
		}
		next = tidy(next)
	}
	e.append(c, b, state, checkpoint.Checkpoint{
		Source: checkpoint.SourceFork, Step: c.head.Step + 1, Next: next, Writes: c.req.Input,
	})
	return nil
}

// here says whether a run can go on at the thread's newest checkpoint as it is. It can if nothing else is asked for, and if
// the newest is an edit, made to go on from, with tasks that nobody has begun.
func (e *Engine) here(ctx context.Context, c *cursor, newest string) (bool, error) {
	switch {
	case c.head.ID != newest || len(c.req.Input) > 0 || c.req.Goto != nil:
		return false, nil
	case c.req.From == "":
		return true, nil
	case c.head.Source != checkpoint.SourceUpdate && c.head.Source != checkpoint.SourceFork:
		return false, nil
	}
	known, err := e.known(ctx, c)
	return len(known) == 0, err
}

func (e *Engine) append(c *cursor, b *Beginning, state State, p checkpoint.Checkpoint) {
	p = e.checkpoint(c, state, p)
	b.Checkpoints = append(b.Checkpoints, p)
	c.move(p, state)
}

// open loads the thread and stores what begins the run if that has not been done.
func (e *Engine) open(ctx context.Context, req Request) (*cursor, error) {
	c, err := e.load(ctx, req, "")
	if err != nil {
		return nil, err
	}
	if c.head.ID != "" && c.head.RunID == req.RunID {
		return c, e.pin(ctx, c)
	}
	b, c, err := e.begin(ctx, c)
	if err != nil || len(b.Checkpoints) == 0 {
		return c, err
	}
	if err := e.store.Commit(ctx, checkpoint.Commit{
		ThreadID: req.ThreadID, RunID: req.RunID, Lease: req.Lease, Head: b.Head, Checkpoints: b.Checkpoints,
	}); err != nil {
		return nil, fmt.Errorf("storing the input: %w", err)
	}
	c.made = true
	return c, nil
}

// pin keeps a run on the version of the graph that has begun its first task.
func (e *Engine) pin(ctx context.Context, c *cursor) error {
	if c.head.Graph == "" || c.head.Graph == e.graph.Version() {
		return nil
	}
	if c.head.RunStep == 0 && c.graph.knows(c.head.Next) {
		if known, err := e.known(ctx, c); err != nil || len(known) == 0 {
			return err
		}
	}
	g, ok := e.older[c.head.Graph]
	if !ok {
		return fmt.Errorf("going on with run %s, which was begun on graph %s, on graph %s: %w",
			c.req.RunID, c.head.Graph, e.graph.Version(), ErrVersion)
	}
	c.graph = g
	return nil
}

func (g *Graph) knows(targets []checkpoint.Target) bool {
	for _, t := range targets {
		if t.Node != Start && g.nodes[t.Node] == nil {
			return false
		}
	}
	return true
}
