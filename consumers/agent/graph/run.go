package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Run begins or continues a run and returns when it is done or interrupted, both stored.
// An error leaves the run where its last checkpoint is: calling Run again continues there.
func (e *Engine) Run(ctx context.Context, req Request) (Outcome, error) {
	c, err := e.open(ctx, req)
	if err != nil {
		return Outcome{}, err
	}
	c.ran = &ran{done: make(chan result, 1)}
	go func() {
		out, err := e.run(ctx, c)
		c.ran.done <- result{out, err}
	}()
	return c.ran.wait(ctx, e.cfg.Grace)
}

func (e *Engine) run(ctx context.Context, c *cursor) (Outcome, error) {
	req := c.req
	c.observeHead(EventCheckpoint, nil)
	limit := e.cfg.Limit
	if req.Limit > 0 {
		limit = min(limit, req.Limit)
	}
	for len(c.head.Next) > 0 {
		if err := stopped(ctx, req.Drain); err != nil {
			return Outcome{State: c.state}, err
		}
		if c.runStep >= limit {
			return Outcome{State: c.state}, fmt.Errorf("after %d super-steps: %w", c.runStep, ErrRecursion)
		}
		waiting, err := e.superStep(ctx, c)
		if err != nil {
			return Outcome{State: c.state}, err
		}
		if len(waiting) > 0 {
			return Outcome{Status: checkpoint.StatusInterrupted, State: c.state, Interrupts: waiting}, nil
		}
		c.req.Recovered = false
	}
	if c.ended || c.head.RunID == req.RunID && c.head.Source == checkpoint.SourceLoop && c.head.RunStep > 0 {
		return Outcome{Status: checkpoint.StatusDone, State: c.state}, nil // the commit of the last super-step has ended the run
	}
	return e.nothingToDo(ctx, c)
}

func stopped(ctx context.Context, drain <-chan struct{}) error {
	select {
	case <-drain:
		return ErrDrained
	default:
		return ctx.Err()
	}
}

// nothingToDo ends a run that has come to its end without a super-step: the thread had nothing to do, or an edit left nothing.
func (e *Engine) nothingToDo(ctx context.Context, c *cursor) (Outcome, error) {
	err := e.save(ctx, c, nil, c.state, checkpoint.Commit{
		ThreadID: c.req.ThreadID, RunID: c.req.RunID, Status: checkpoint.StatusDone, EndedAt: e.cfg.Now().UTC(),
	})
	return Outcome{Status: checkpoint.StatusDone, State: c.state}, err
}

// superStep runs the tasks that are next and stores what they did. It returns the interrupts that the run waits for.
func (e *Engine) superStep(ctx context.Context, c *cursor) ([]checkpoint.Interrupt, error) {
	if c.head.Next[0].Node == Start {
		return nil, e.start(ctx, c)
	}
	known, err := e.known(ctx, c)
	if err != nil {
		return nil, err
	}
	if waiting := e.stops(c, known); len(waiting) > 0 {
		return waiting, e.park(ctx, c, nil, waiting)
	}
	tasks, err := e.execute(ctx, c, known)
	if err != nil {
		return nil, err
	}
	var waiting []checkpoint.Interrupt
	var fresh []*execution
	for _, t := range tasks {
		if t.interrupt != nil {
			waiting = append(waiting, *t.interrupt)
		}
		if !t.stored {
			fresh = append(fresh, t)
		}
	}
	if len(waiting) > 0 {
		return waiting, e.park(ctx, c, fresh, waiting)
	}
	return nil, e.close(ctx, c, tasks, fresh)
}

// start takes the input of a checkpoint to which a run has gone back.
func (e *Engine) start(ctx context.Context, c *cursor) error {
	var input []checkpoint.Write
	if err := json.Unmarshal(c.head.Next[0].Input, &input); err != nil {
		return fmt.Errorf("%w: reading the input of checkpoint %s: %w", ErrState, c.head.ID, err)
	}
	p, state, err := e.take(c, input)
	if err != nil {
		return err
	}
	return e.advance(ctx, c, nil, e.checkpoint(c, state, p), state)
}

// known asks the store for parked tasks and answers. A checkpoint that this call has made has none.
func (e *Engine) known(ctx context.Context, c *cursor) (map[string]checkpoint.TaskRecord, error) {
	if c.made {
		return nil, nil
	}
	list, err := e.store.Tasks(ctx, c.req.ThreadID, c.head.ID)
	if err != nil {
		return nil, fmt.Errorf("loading tasks of checkpoint %s: %w", c.head.ID, err)
	}
	out := map[string]checkpoint.TaskRecord{}
	for _, t := range list {
		out[t.TaskID] = t
	}
	return out, nil
}

// stops returns the static interrupts that have not been answered. Their task id is a place of its own,
// so that the answer does not count as one of the node's. A run stops at its own steps only: to go on with a thread, or with an
// edit, is to go past the breakpoint there.
func (e *Engine) stops(c *cursor, known map[string]checkpoint.TaskRecord) []checkpoint.Interrupt {
	if c.head.Source != checkpoint.SourceLoop || c.head.RunID != c.req.RunID {
		return nil
	}
	var out []checkpoint.Interrupt
	stop := func(node, when string) {
		id := hash(c.head.ID, node, when)
		if len(known[id].Resumes()) > 0 {
			return
		}
		value, _ := json.Marshal(map[string]string{when: node}) //nolint:errchkjson // two strings
		out = append(out, checkpoint.Interrupt{ID: InterruptID(node, id, 0), CheckpointID: c.head.ID, TaskID: id, Value: value})
	}
	for _, node := range c.head.Nodes {
		if node != Start && breaks(node, c.graph.after, c.req.InterruptAfter) {
			stop(node, "after")
		}
	}
	seen := map[string]bool{}
	for _, t := range c.head.Next {
		if !seen[t.Node] && breaks(t.Node, c.graph.before, c.req.InterruptBefore) {
			seen[t.Node] = true
			stop(t.Node, "before")
		}
	}
	return out
}

func breaks(node string, lists ...[]string) bool {
	for _, list := range lists {
		if slices.Contains(list, node) || slices.Contains(list, All) {
			return true
		}
	}
	return false
}

// park stores finished tasks whose siblings are not done, and the interrupts that the run waits for.
func (e *Engine) park(ctx context.Context, c *cursor, fresh []*execution, waiting []checkpoint.Interrupt) error {
	commit := checkpoint.Commit{ThreadID: c.req.ThreadID, RunID: c.req.RunID, CheckpointID: c.head.ID, Interrupts: waiting}
	for _, t := range fresh {
		if t.interrupt == nil {
			commit.Tasks = append(commit.Tasks, checkpoint.TaskRecord{TaskID: t.task.ID, Done: true, Writes: t.update.Writes, Next: t.next})
		}
	}
	if len(waiting) > 0 {
		commit.Status = checkpoint.StatusInterrupted
	}
	if err := e.save(ctx, c, fresh, c.state, commit); err != nil {
		return err
	}
	if len(waiting) > 0 {
		c.observeHead(EventInterrupt, waiting)
	}
	return nil
}

// close reduces the writes of all tasks into the next checkpoint.
func (e *Engine) close(ctx context.Context, c *cursor, tasks, fresh []*execution) error {
	var writes []checkpoint.Write
	var next []checkpoint.Target
	var nodes []string
	for _, t := range tasks {
		writes, next = append(writes, t.update.Writes...), append(next, t.next...)
		if !slices.Contains(nodes, t.task.Node) {
			nodes = append(nodes, t.task.Node)
		}
	}
	next, more, err := c.graph.settle(c.state, nodes, next)
	if err != nil {
		return err
	}
	state, err := e.after(c, tasks, writes, more)
	if err != nil {
		return err
	}
	writes = append(writes, more...)
	return e.advance(ctx, c, fresh, e.checkpoint(c, state, checkpoint.Checkpoint{
		Source: checkpoint.SourceLoop, Step: c.head.Step + 1, RunStep: c.runStep + 1, Nodes: nodes, Next: next, Writes: writes,
	}), state)
}

// after is the state after a super-step. That of a single task was worked out for its branch already, as a rule.
func (e *Engine) after(c *cursor, tasks []*execution, writes, more []checkpoint.Write) (State, error) {
	if len(tasks) == 1 && tasks[0].own != nil && len(more) == 0 {
		return e.bounded(tasks[0].own)
	}
	return e.reduce(c, slices.Concat(writes, more))
}

// advance stores the next checkpoint and moves there.
func (e *Engine) advance(ctx context.Context, c *cursor, fresh []*execution, p checkpoint.Checkpoint, state State) error {
	commit := checkpoint.Commit{ThreadID: c.req.ThreadID, RunID: c.req.RunID, Checkpoints: []checkpoint.Checkpoint{p}}
	if len(p.Next) == 0 {
		commit.Status, commit.EndedAt = checkpoint.StatusDone, p.CreatedAt
	}
	if err := e.save(ctx, c, fresh, state, commit); err != nil {
		return err
	}
	c.move(p, state)
	c.made, c.ended = true, len(p.Next) == 0
	c.observeHead(EventCheckpoint, nil)
	return nil
}

func (e *Engine) save(ctx context.Context, c *cursor, fresh []*execution, state State, commit checkpoint.Commit) error {
	commit.Lease, commit.Head = c.req.Lease, c.head.ID
	for _, t := range fresh {
		commit.Receipts = append(commit.Receipts, t.update.Receipts...)
	}
	if c.req.Hook != nil {
		var err error
		if commit, err = hooked(ctx, c, fresh, state, commit); err != nil {
			return &NodeError{Node: "commit hook", Err: err}
		}
	}
	err := e.store.Commit(ctx, commit)
	if errors.Is(err, checkpoint.ErrRunEnded) || errors.Is(err, checkpoint.ErrLeaseLost) {
		return err
	}
	if err != nil {
		return fmt.Errorf("storing step %d: %w", c.runStep+1, err)
	}
	return nil
}

// hooked is the commit with what the owner adds to it.
func hooked(ctx context.Context, c *cursor, fresh []*execution, state State, commit checkpoint.Commit) (checkpoint.Commit, error) {
	s := Super{Request: c.req, RunStep: c.runStep + 1, State: state, Commit: &commit}
	for _, t := range fresh {
		s.Tasks = append(s.Tasks, t.result())
	}
	err := c.req.Hook(ctx, &s)
	return *s.Commit, err
}
