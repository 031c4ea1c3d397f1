package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// execution is a task of the current super-step with what became of it.
type execution struct {
	task           *Task
	update         Update
	next           []checkpoint.Target
	started, ended time.Time
	interrupt      *checkpoint.Interrupt
	// asked means that the store has the interrupt already, stored that it has the writes.
	asked, stored bool
}

func (x *execution) result() TaskResult {
	return TaskResult{
		ID: x.task.ID, Node: x.task.Node, Path: x.task.path, Started: x.started, Ended: x.ended,
		Notes: x.update.Notes, Interrupt: x.interrupt, Asked: x.asked,
	}
}

// NodeError is the failure of a node, as opposed to that of the store: running the same step again would likely fail again.
type NodeError struct {
	Node string
	// TaskID and CheckpointID say where the task stands, for its record in the store. They are empty for a commit hook.
	TaskID, CheckpointID string
	Err                  error
}

func (e *NodeError) Error() string { return fmt.Sprintf("running node %s: %v", e.Node, e.Err) }

// Unwrap returns the node's own error.
func (e *NodeError) Unwrap() error { return e.Err }

// execute runs the tasks that are not done, in parallel. When one fails, the others are canceled;
// those that had finished are parked, so that they do not run again.
func (e *Engine) execute(ctx context.Context, c *cursor, known map[string]checkpoint.TaskRecord) ([]*execution, error) {
	tasks := make([]*execution, len(c.head.Next))
	errs := make([]error, len(tasks))
	group, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var open atomic.Int32
	visible := c.state.Visible()
	for i, path := range paths(c.head.Next) {
		tasks[i] = e.prepare(c, visible, c.head.Next[i], path, known)
		if !tasks[i].stored {
			open.Add(1)
		}
	}
	for i, x := range tasks {
		if x.stored {
			continue
		}
		run := func() {
			if errs[i] = e.runTask(group, c, x, known[x.task.ID]); errs[i] != nil {
				cancel()
				return
			}
			// The last to succeed goes into the checkpoint; the others must survive a crash until then.
			if x.interrupt == nil && open.Add(-1) > 0 {
				errs[i] = e.parkOne(ctx, c, x)
			}
		}
		if len(tasks) == 1 {
			run()
			continue
		}
		wg.Go(run)
	}
	wg.Wait()
	return tasks, cause(errs)
}

// cause returns the error that made the others stop.
func cause(errs []error) error {
	var canceled error
	for _, err := range errs {
		if errors.Is(err, context.Canceled) {
			canceled = err
			continue
		}
		if err != nil {
			return err
		}
	}
	return canceled
}

func (e *Engine) prepare(c *cursor, state State, target checkpoint.Target, path string, known map[string]checkpoint.TaskRecord) *execution {
	id := taskID(c.head.ID, path)
	record := known[id]
	x := &execution{stored: record.Done, task: &Task{
		ID: id, Node: target.Node, ThreadID: c.req.ThreadID, RunID: c.req.RunID, RunStep: c.runStep + 1, State: state,
		Input: target.Input, Recovered: c.req.Recovered, checkpointID: c.head.ID, path: path, resumes: record.Resumes(),
	}}
	if record.Done {
		x.update.Writes, x.next = record.Writes, record.Next
	}
	return x
}

// runTask makes attempts until one succeeds or asks, or the policy allows no more.
func (e *Engine) runTask(ctx context.Context, c *cursor, x *execution, known checkpoint.TaskRecord) error {
	n := c.graph.nodes[x.task.Node]
	if n == nil {
		return e.failed(c, x, ErrUnknownNode)
	}
	x.started = e.cfg.Now()
	c.observeTask(EventTask, x, nil)
	var err error
	for attempt := 1; ; attempt++ {
		err = e.attempt(ctx, c, n, x, attempt)
		if err == nil || ctx.Err() != nil || !n.retry.again(attempt, err) {
			break
		}
		if pause(ctx, n.retry.wait(attempt)) != nil {
			break
		}
	}
	x.ended = e.cfg.Now()
	if in, ok := asInterrupt(err); ok {
		// Nothing of an interrupted execution counts: the node runs again from its start.
		x.interrupt, x.update = &in, Update{}
		x.asked = len(known.Interrupts) > in.Index
		c.observeTask(EventTaskResult, x, nil)
		return nil
	}
	if err == nil {
		x.next, err = c.graph.next(x.task.Node, x.update, c.state)
	}
	if err != nil {
		return e.failed(c, x, err)
	}
	c.observeTask(EventTaskResult, x, nil)
	return nil
}

func (e *Engine) failed(c *cursor, x *execution, err error) error {
	c.observeTask(EventTaskResult, x, err)
	return &NodeError{Node: x.task.Node, TaskID: x.task.ID, CheckpointID: c.head.ID, Err: err}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// parkOne stores a finished task at once when it has siblings: a crash must not run it again.
func (e *Engine) parkOne(ctx context.Context, c *cursor, x *execution) error {
	if err := e.park(ctx, c, []*execution{x}, nil); err != nil {
		return err
	}
	x.stored = true
	return nil
}
