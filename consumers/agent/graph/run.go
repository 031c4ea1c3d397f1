package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Run begins or continues a run and returns when it is done or interrupted, both stored.
// An error leaves the run where its last checkpoint is: calling Run again continues there.
func (e *Engine) Run(ctx context.Context, req Request) (Outcome, error) {
	c, err := e.open(ctx, req)
	if err != nil {
		return Outcome{}, err
	}
	for len(c.head.Next) > 0 {
		if err := ctx.Err(); err != nil {
			return Outcome{State: c.state}, err
		}
		if c.head.RunStep >= e.cfg.Limit {
			return Outcome{State: c.state}, fmt.Errorf("after %d super-steps: %w", c.head.RunStep, ErrRecursion)
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
	return Outcome{Status: checkpoint.StatusDone, State: c.state}, nil
}

// open loads the thread and stores the input checkpoint if that has not been done.
func (e *Engine) open(ctx context.Context, req Request) (*cursor, error) {
	c, err := e.load(ctx, req)
	if err != nil {
		return nil, err
	}
	if c.head.RunID == req.RunID {
		return c, nil
	}
	state, p, err := e.input(c)
	if err != nil {
		return nil, err
	}
	if err := e.store.Commit(ctx, checkpoint.Commit{ThreadID: req.ThreadID, RunID: req.RunID, Checkpoint: p}); err != nil {
		return nil, fmt.Errorf("storing the input: %w", err)
	}
	c.move(*p, state)
	return c, nil
}

// superStep runs the tasks that are next and stores what they did. It returns the interrupts that the run waits for.
func (e *Engine) superStep(ctx context.Context, c *cursor) ([]checkpoint.Interrupt, error) {
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
// so that the answer does not count as one of the node's.
func (e *Engine) stops(c *cursor, known map[string]checkpoint.TaskRecord) []checkpoint.Interrupt {
	var out []checkpoint.Interrupt
	for _, node := range c.head.Next {
		id := hash(c.head.ID, node, "before")
		if e.graph.before[node] && len(known[id].Resumes) == 0 {
			out = append(out, checkpoint.Interrupt{ID: InterruptID(id, 0), CheckpointID: c.head.ID, TaskID: id, Value: []byte(fmt.Sprintf("{\"before\":%q}", node))})
		}
	}
	return out
}

// park stores finished tasks whose siblings are not done, and the interrupts that the run waits for.
func (e *Engine) park(ctx context.Context, c *cursor, fresh []*execution, waiting []checkpoint.Interrupt) error {
	commit := checkpoint.Commit{ThreadID: c.req.ThreadID, RunID: c.req.RunID, CheckpointID: c.head.ID, Interrupts: waiting}
	for _, t := range fresh {
		if t.interrupt == nil {
			commit.Done = append(commit.Done, checkpoint.TaskRecord{TaskID: t.task.ID, Done: true, Writes: t.update.Writes, Next: t.next})
		}
	}
	if len(waiting) > 0 {
		commit.Status = checkpoint.StatusInterrupted
	}
	return e.save(ctx, c, fresh, c.state, commit)
}

// close reduces the writes of all tasks into the next checkpoint.
func (e *Engine) close(ctx context.Context, c *cursor, tasks, fresh []*execution) error {
	var writes []checkpoint.Write
	var next []string
	for _, t := range tasks {
		writes, next = append(writes, t.update.Writes...), append(next, t.next...)
	}
	state, err := e.graph.apply(c.state, writes)
	if err != nil {
		return err
	}
	p := e.checkpoint(c, state, writes, checkpoint.Checkpoint{
		Source: checkpoint.SourceLoop, Step: c.head.Step + 1, RunStep: c.head.RunStep + 1, Next: dedup(next),
	})
	commit := checkpoint.Commit{ThreadID: c.req.ThreadID, RunID: c.req.RunID, Checkpoint: p}
	if len(p.Next) == 0 {
		commit.Status, commit.EndedAt = checkpoint.StatusDone, p.CreatedAt
	}
	if err := e.save(ctx, c, fresh, state, commit); err != nil {
		return err
	}
	c.move(*p, state)
	c.made = true
	return nil
}

func (e *Engine) save(ctx context.Context, c *cursor, fresh []*execution, state State, commit checkpoint.Commit) error {
	s := Super{Request: c.req, RunStep: c.head.RunStep + 1, State: state, Commit: &commit}
	for _, t := range fresh {
		commit.Receipts = append(commit.Receipts, t.update.Receipts...)
		s.Tasks = append(s.Tasks, t.result())
	}
	if c.req.Hook != nil {
		if err := c.req.Hook(ctx, &s); err != nil {
			return &NodeError{Node: "commit hook", Err: err}
		}
	}
	err := e.store.Commit(ctx, commit)
	if errors.Is(err, checkpoint.ErrRunEnded) {
		return err
	}
	if err != nil {
		return fmt.Errorf("storing step %d: %w", s.RunStep, err)
	}
	return nil
}
