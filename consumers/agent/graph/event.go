package graph

import (
	"encoding/json"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds. Checkpoints and interrupts are told after they are stored; task results before, as soon as the node has returned.
const (
	// EventCheckpoint is a stored checkpoint with its state. A run begins with the one that it starts from.
	EventCheckpoint EventKind = "checkpoint"
	// EventTask is a task that begins.
	EventTask EventKind = "task"
	// EventTaskResult is a task that has finished or failed.
	EventTaskResult EventKind = "task_result"
	// EventInterrupt is a run that waits for answers.
	EventInterrupt EventKind = "interrupt"
	// EventCustom is what a node has emitted.
	EventCustom EventKind = "custom"
)

// Event is something that happened in a run. What it points to must not be changed.
type Event struct {
	Kind EventKind
	At   time.Time
	// Checkpoint is the new one, or the one before the task's super-step.
	Checkpoint *checkpoint.Checkpoint
	// State is the state at the checkpoint, for checkpoints and interrupts.
	State State
	// Tasks are those that come next, for checkpoints and interrupts.
	Tasks []TaskInfo
	// Task is the one that the event is about.
	Task       *TaskInfo
	Interrupts []checkpoint.Interrupt
	// Data is what a node has emitted.
	Data any
}

// TaskInfo is a task as events and snapshots show it.
type TaskInfo struct {
	ID   string
	Node string
	// Path is as in TaskResult.
	Path string
	// Input is what was sent to it, or nil.
	Input json.RawMessage
	// Writes and Next are known when it has finished.
	Writes []checkpoint.Write
	Next   []checkpoint.Target
	Done   bool
	Err    error
	// Interrupts are its questions, answered ones included.
	Interrupts []checkpoint.Interrupt
}

func (x *execution) info(err error) *TaskInfo {
	i := &TaskInfo{ID: x.task.ID, Node: x.task.Node, Path: x.task.path, Input: x.task.Input, Err: err}
	switch {
	case x.interrupt != nil:
		i.Interrupts = []checkpoint.Interrupt{*x.interrupt}
	case err == nil && !x.ended.IsZero():
		i.Writes, i.Next, i.Done = x.update.Writes, x.next, true
	}
	return i
}

// observeHead tells where the run stands, with the questions that it waits for.
func (c *cursor) observeHead(kind EventKind, waiting []checkpoint.Interrupt) {
	if c.req.Observe == nil {
		return
	}
	e := Event{Kind: kind, Checkpoint: c.head, State: c.state, Interrupts: waiting}
	for i, path := range paths(c.head.Next) {
		t := TaskInfo{ID: taskID(c.head.ID, path), Node: c.head.Next[i].Node, Path: path, Input: c.head.Next[i].Input}
		for _, in := range waiting {
			if in.TaskID == t.ID {
				t.Interrupts = append(t.Interrupts, in)
			}
		}
		e.Tasks = append(e.Tasks, t)
	}
	c.observe(e)
}

func (c *cursor) observeTask(kind EventKind, x *execution, err error) {
	if c.req.Observe != nil {
		c.observe(Event{Kind: kind, Checkpoint: c.head, Task: x.info(err)})
	}
}

func (c *cursor) observe(e Event) {
	if c.req.Observe == nil {
		return
	}
	e.At = c.now().UTC()
	if e.State != nil {
		e.State = e.State.Visible()
	}
	c.req.Observe(e)
}
