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
	task *Task
	// head is the checkpoint that the task follows.
	head   *checkpoint.Checkpoint
	update Update
	next   []checkpoint.Target
	// own is the state with the update, where a branch was asked.
	own            State
	started, ended time.Time
	interrupt      *checkpoint.Interrupt
	// questions are how many the task has asked before.
	questions int
	// stored means that the store has the writes, alone that the super-step has no other task.
	stored, alone bool
}

func (x *execution) result() TaskResult {
	return TaskResult{
		ID: x.task.ID, Node: x.task.Node, Path: x.task.path, Started: x.started, Ended: x.ended,
		Notes: x.update.Notes, Interrupt: x.interrupt, Asked: x.interrupt != nil && x.interrupt.Index < x.questions,
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
// those that had finished are parked, so that they do not run again. The error is the first one.
func (e *Engine) execute(ctx context.Context, c *cursor, known map[string]checkpoint.TaskRecord) ([]*execution, error) {
	var tasks, open []*execution
	state := c.state.Visible()
	for i, path := range paths(c.head.Next) {
		x := e.prepare(c, state, c.head.Next[i], path, known)
		if tasks = append(tasks, x); !x.stored {
			open = append(open, x)
		}
	}
	if len(open) == 1 {
		open[0].alone = true
		return tasks, e.runTask(ctx, c, open[0])
	}
	siblings, cancel := context.WithCancel(ctx)
	defer cancel()
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	var left atomic.Int32
	left.Store(int32(len(open))) //nolint:gosec // a few
	for _, x := range open {
		wg.Go(func() {
			err := e.runTask(siblings, c, x)
			// The last to succeed goes into the checkpoint; the others must survive a crash until then.
			if err == nil && x.interrupt == nil && left.Add(-1) > 0 {
				err = e.parkOne(ctx, c, x)
			}
			if err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	wg.Wait()
	return tasks, first
}

func (e *Engine) prepare(c *cursor, state State, target checkpoint.Target, path string, known map[string]checkpoint.TaskRecord) *execution {
	id := taskID(c.head.ID, path)
	record := known[id]
	x := &execution{head: c.head, stored: record.Done, questions: len(record.Interrupts), task: &Task{
		ID: id, Node: target.Node, ThreadID: c.req.ThreadID, RunID: c.req.RunID, RunStep: c.runStep + 1, State: state,
		Input: target.Input, Recovered: c.req.Recovered, checkpointID: c.head.ID, path: path, resumes: record.Resumes(),
	}}
	if record.Done {
		x.update.Writes, x.next = record.Writes, record.Next
	}
	return x
}

// runTask makes attempts until one succeeds or asks, or the policy allows no more.
func (e *Engine) runTask(ctx context.Context, c *cursor, x *execution) error {
	n := c.graph.nodes[x.task.Node]
	if n == nil {
		return e.failed(c, x, ErrUnknownNode)
	}
	x.started = e.cfg.Now()
	c.observeTask(EventTask, x, nil)
	err := e.attempts(ctx, c, n, x)
	x.ended = e.cfg.Now()
	if in, ok := asInterrupt(err); ok {
		// Nothing of an interrupted execution counts: the node runs again from its start.
		x.interrupt, x.update = &in, Update{}
		c.observeTask(EventTaskResult, x, nil)
		return nil
	}
	if err == nil {
		err = c.graph.check(x.update.Writes)
	}
	if err == nil {
		x.next, err = c.graph.next(x.task.Node, x.update, c.state, &x.own)
	}
	if errors.Is(err, errLeft) {
		return err // nobody listens any more
	}
	if err != nil {
		return e.failed(c, x, err)
	}
	c.observeTask(EventTaskResult, x, nil)
	return nil
}

func (e *Engine) attempts(ctx context.Context, c *cursor, n *node, x *execution) error {
	for attempt := 1; ; attempt++ {
		err := e.attempt(ctx, c, n, x, attempt)
		if _, asks := asInterrupt(err); err == nil || asks || ctx.Err() != nil || !n.retry.again(attempt, err) {
			return err
		}
		if pause(ctx, n.retry.wait(attempt)) != nil {
			return err
		}
	}
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
