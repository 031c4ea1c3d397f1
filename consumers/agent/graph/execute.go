package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// execution is a task of the current super-step with what became of it.
type execution struct {
	task           *Task
	update         Update
	next           []string
	started, ended time.Time
	interrupt      *checkpoint.Interrupt
	// stored means that the store has the writes already.
	stored bool
}

func (x *execution) result() TaskResult {
	return TaskResult{
		ID: x.task.ID, Node: x.task.Node, Started: x.started, Ended: x.ended, Notes: x.update.Notes, Interrupt: x.interrupt,
	}
}

// execute runs the tasks that are not done, in parallel. When one fails, the others are canceled;
// those that had finished are parked, so that they do not run again.
func (e *Engine) execute(ctx context.Context, c *cursor, known map[string]checkpoint.TaskRecord) ([]*execution, error) {
	tasks := make([]*execution, len(c.head.Next))
	errs := make([]error, len(tasks))
	group, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var open atomic.Int32
	for i, node := range c.head.Next {
		tasks[i] = e.prepare(c, node, known)
		if !tasks[i].stored {
			open.Add(1)
		}
	}
	for i, x := range tasks {
		if x.stored {
			continue
		}
		run := func() {
			if errs[i] = e.runTask(group, x); errs[i] != nil {
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

func (e *Engine) prepare(c *cursor, node string, known map[string]checkpoint.TaskRecord) *execution {
	id := taskID(c.head.ID, node)
	record := known[id]
	x := &execution{stored: record.Done, task: &Task{
		ID: id, Node: node, ThreadID: c.req.ThreadID, RunID: c.req.RunID, RunStep: c.head.RunStep + 1,
		State: c.state, Recovered: c.req.Recovered, checkpointID: c.head.ID, resumes: record.Resumes,
	}}
	if record.Done {
		x.update.Writes, x.next = record.Writes, record.Next
	}
	return x
}

func (e *Engine) runTask(ctx context.Context, x *execution) error {
	x.started = e.cfg.Now()
	err := call(ctx, e.graph.nodes[x.task.Node], x)
	x.ended = e.cfg.Now()
	if in, ok := asInterrupt(err); ok {
		// Nothing of an interrupted execution counts: the node runs again from its start.
		x.interrupt, x.update = &in, Update{}
		return nil
	}
	if err != nil {
		return &NodeError{Node: x.task.Node, Err: err}
	}
	if x.next, err = e.graph.next(x.task.Node, x.update, x.task.State); err != nil {
		return &NodeError{Node: x.task.Node, Err: err}
	}
	return nil
}

// call runs a node. A panic becomes the node's error: the run fails, the other runs of the process go on.
func call(ctx context.Context, node NodeFunc, x *execution) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	x.update, err = node(ctx, x.task)
	return err
}

// NodeError is the failure of a node, as opposed to that of the store: running the same step again would likely fail again.
type NodeError struct {
	Node string
	Err  error
}

func (e *NodeError) Error() string { return fmt.Sprintf("running node %s: %v", e.Node, e.Err) }

// Unwrap returns the node's own error.
func (e *NodeError) Unwrap() error { return e.Err }

// parkOne stores a finished task at once when it has siblings: a crash must not run it again.
func (e *Engine) parkOne(ctx context.Context, c *cursor, x *execution) error {
	if err := e.park(ctx, c, []*execution{x}, nil); err != nil {
		return err
	}
	x.stored = true
	return nil
}
