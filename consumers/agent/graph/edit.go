package graph

import (
	"context"
	"fmt"
	"slices"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// What an edit can be made as, besides a node.
const (
	// Input makes an input that the next run takes up.
	Input = "__input__"
	// Copy makes a copy of a checkpoint beside it, so that a run can go on from there on a branch of its own.
	Copy = "__copy__"
)

// Edit changes the state of a thread outside a super-step, as LangGraph's update_state does.
type Edit struct {
	ThreadID string
	// RunID is the run that waits on the thread and goes on from the edit. Empty when none does. Its questions are withdrawn;
	// it waits until it is told to go on, unless the edit leaves nothing to do: then it is queued, to end.
	RunID string
	// CheckpointID is what is edited. Empty for the newest, with what its finished tasks have written.
	CheckpointID string
	// Updates are applied in one step. More than one must all say as which node.
	Updates []NodeUpdate
	Lease   *checkpoint.Lease
}

// NodeUpdate is one update of an Edit.
type NodeUpdate struct {
	Writes []checkpoint.Write
	// Goto and Sends are as in Update.
	Goto  []string
	Sends []Send
	// AsNode is the node as whose the update counts: what comes next is what follows this node.
	// Empty stands for the node that ran last, or for Start when none has. End without writes leaves nothing to come,
	// Input and Copy do what they say.
	AsNode string
}

// Update stores an edit and returns the new checkpoint. Its errors are ErrAmbiguous, ErrUnknownNode, ErrState, and the
// store's: checkpoint.ErrBusy when a run of the thread is under way, checkpoint.ErrConflict when the thread has moved on.
func (e *Engine) Update(ctx context.Context, edit Edit) (checkpoint.Checkpoint, error) {
	head, err := e.load(ctx, Request{ThreadID: edit.ThreadID, RunID: edit.RunID}, "")
	if err != nil {
		return checkpoint.Checkpoint{}, err
	}
	c, newest := head, head.head.ID
	if edit.CheckpointID != "" {
		if c, err = e.load(ctx, head.req, edit.CheckpointID); err != nil {
			return checkpoint.Checkpoint{}, err
		}
	} else if err := e.absorb(ctx, c); err != nil {
		return checkpoint.Checkpoint{}, err
	}
	p, err := e.edited(c, edit.Updates)
	if err != nil {
		return p, err
	}
	p.RunStep = c.runStep
	commit := checkpoint.Commit{
		ThreadID: edit.ThreadID, RunID: edit.RunID, Lease: edit.Lease, Head: newest, Fresh: newest == "",
		Checkpoints: []checkpoint.Checkpoint{p}, Withdraw: true,
	}
	if edit.RunID != "" && len(p.Next) == 0 {
		commit.Status = checkpoint.StatusQueued // it no longer waits for anybody: it has its end to come to
	}
	err = e.store.Commit(ctx, commit)
	if err != nil {
		return p, fmt.Errorf("storing the edit: %w", err)
	}
	return p, nil
}

// absorb counts in what tasks have written whose siblings have not finished. It is part of the edit's writes.
func (e *Engine) absorb(ctx context.Context, c *cursor) error {
	known, err := e.known(ctx, c)
	if err != nil {
		return err
	}
	for _, path := range paths(c.head.Next) {
		c.parked = append(c.parked, known[taskID(c.head.ID, path)].Writes...)
	}
	return nil
}

func (e *Engine) edited(c *cursor, updates []NodeUpdate) (checkpoint.Checkpoint, error) {
	if len(updates) == 0 {
		return checkpoint.Checkpoint{}, fmt.Errorf("editing thread %s: no update: %w", c.req.ThreadID, ErrInput)
	}
	for _, u := range updates {
		if err := c.graph.check(u.Writes); err != nil {
			return checkpoint.Checkpoint{}, fmt.Errorf("editing thread %s: %w", c.req.ThreadID, err)
		}
	}
	if len(updates) == 1 {
		u := updates[0]
		switch {
		case u.AsNode == End && len(u.Writes) == 0:
			return e.editCheckpoint(c, checkpoint.SourceUpdate, c.parked, nil, []checkpoint.Target{})
		case u.AsNode == Input:
			b := Beginning{}
			c.req.Input = u.Writes
			if err := e.input(c, &b); err != nil {
				return checkpoint.Checkpoint{}, err
			}
			return b.Checkpoints[0], nil
		case u.AsNode == Copy:
			return e.copied(c)
		}
	}
	writes, nodes, next := slices.Clone(c.parked), []string{}, []checkpoint.Target{}
	for _, u := range updates {
		node, err := e.asNode(c, u.AsNode, len(updates))
		if err != nil {
			return checkpoint.Checkpoint{}, err
		}
		targets, err := c.graph.next(node, Update{Writes: u.Writes, Goto: u.Goto, Sends: u.Sends}, c.state, new(State))
		if err != nil {
			return checkpoint.Checkpoint{}, err
		}
		writes, nodes, next = append(writes, u.Writes...), append(nodes, node), append(next, targets...)
	}
	next, more, err := c.graph.settle(c.state, nodes, next)
	if err != nil {
		return checkpoint.Checkpoint{}, err
	}
	return e.editCheckpoint(c, checkpoint.SourceUpdate, append(writes, more...), nodes, next)
}

func (e *Engine) editCheckpoint(c *cursor, source checkpoint.Source, writes []checkpoint.Write, nodes []string, next []checkpoint.Target) (checkpoint.Checkpoint, error) {
	state, err := e.reduce(c, writes)
	if err != nil {
		return checkpoint.Checkpoint{}, fmt.Errorf("applying the edit: %w", err)
	}
	step := 0
	if c.head.ID != "" {
		step = c.head.Step + 1
	}
	return e.checkpoint(c, state, checkpoint.Checkpoint{Source: source, Step: step, Nodes: nodes, Next: next, Writes: writes}), nil
}

// copied is a sibling of the checkpoint: the same parent, the same writes, the same tasks to come.
func (e *Engine) copied(c *cursor) (checkpoint.Checkpoint, error) {
	if c.head.ID == "" {
		return checkpoint.Checkpoint{}, fmt.Errorf("copying a checkpoint of thread %s: %w", c.req.ThreadID, checkpoint.ErrNotFound)
	}
	nodes := c.head.Nodes
	if !wrote(*c.head) {
		nodes = nil
	}
	p, err := e.editCheckpoint(c, checkpoint.SourceFork, c.head.Writes, nodes, c.head.Next)
	p.ParentID, p.Snapshot = c.head.ParentID, c.head.Snapshot
	return p, err
}

// asNode finds the node as whose an update counts.
func (e *Engine) asNode(c *cursor, name string, updates int) (string, error) {
	switch {
	case name == "" && updates > 1:
		return "", fmt.Errorf("editing thread %s with several updates: %w", c.req.ThreadID, ErrAmbiguous)
	case name == "":
		return e.lastWriter(c)
	case name != Start && c.graph.nodes[name] == nil:
		return "", fmt.Errorf("editing as %s: %w", name, ErrUnknownNode)
	}
	return name, nil
}

// lastWriter is the node that wrote last, if it was one alone. A thread on which nothing has run begins.
func (e *Engine) lastWriter(c *cursor) (string, error) {
	switch nodes := c.writers(); len(nodes) {
	case 0:
		return Start, nil
	case 1:
		return nodes[0], nil
	default:
		return "", fmt.Errorf("editing thread %s: %w", c.req.ThreadID, ErrAmbiguous)
	}
}

// writers are the nodes of the last super-step.
func (c *cursor) writers() []string {
	for _, p := range slices.Backward(c.line) {
		if wrote(p) {
			return p.Nodes
		}
	}
	return nil
}

// wrote says whether a checkpoint is of a super-step, or a copy of one. What edits have written does not count, as in LangGraph.
func wrote(p checkpoint.Checkpoint) bool {
	return len(p.Nodes) > 0 && (p.Source == checkpoint.SourceLoop || p.Source == checkpoint.SourceFork)
}
