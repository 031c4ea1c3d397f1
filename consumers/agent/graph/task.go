package graph

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Task is one execution of a node in one super-step.
type Task struct {
	// ID is the same each time the task runs again.
	ID       string
	Node     string
	ThreadID string
	RunID    string
	// RunStep counts the super-steps of the run, from 1.
	RunStep int
	// State is the state at the start of the super-step.
	State State
	// Input is what was sent to the task, or nil for one that an edge has led to.
	Input json.RawMessage
	// Attempt counts the executions in this process, from 1.
	Attempt int
	// Recovered means that an earlier process, or an earlier attempt, may have begun this task.
	Recovered bool

	checkpointID string
	path         string
	resumes      []json.RawMessage
	asked        int
	alive        func()
	emit         func(any)
}

// Interrupt returns the answer to a question, or an error that the node must return to let the run wait for it.
// The node runs again from its start when the answer is there.
func (t *Task) Interrupt(question any) (json.RawMessage, error) {
	index := t.asked
	t.asked++
	if index < len(t.resumes) {
		return t.resumes[index], nil
	}
	value, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("encoding an interrupt of %s: %w", t.Node, err)
	}
	return nil, &interruptError{checkpoint.Interrupt{
		ID: InterruptID(t.Node, t.ID, index), CheckpointID: t.checkpointID, TaskID: t.ID, Index: index, Value: value,
	}}
}

// Resumed says whether an answer waits for the next Interrupt of this execution.
func (t *Task) Resumed() bool { return t.asked < len(t.resumes) }

// Heartbeat says that the node is alive, for TimeoutPolicy.Idle.
func (t *Task) Heartbeat() {
	if t.alive != nil {
		t.alive()
	}
}

// Emit hands an event of the node's own to the run's observer. Nothing is stored: a task that runs again emits it again.
func (t *Task) Emit(data any) {
	t.Heartbeat()
	if t.emit != nil {
		t.emit(data)
	}
}

type interruptError struct{ interrupt checkpoint.Interrupt }

func (e *interruptError) Error() string { return "interrupted: " + e.interrupt.ID }

func asInterrupt(err error) (checkpoint.Interrupt, bool) {
	if err == nil {
		return checkpoint.Interrupt{}, false
	}
	var e *interruptError
	if errors.As(err, &e) {
		return e.interrupt, true
	}
	return checkpoint.Interrupt{}, false
}

// InterruptID is the id of a task's index-th interrupt, by LangGraph's rule: the XXH3 hash of the task's namespace,
// with the index behind it for all but the first.
func InterruptID(node, taskID string, index int) string {
	ns := node + ":" + taskID
	if index > 0 {
		ns += "|" + strconv.Itoa(index)
	}
	sum := xxh3.HashString128(ns).Bytes()
	return hex.EncodeToString(sum[:])
}

// taskID is derived from where the task stands, so that it is the same when the super-step runs again.
func taskID(checkpointID, path string) string { return hash(checkpointID, path) }

// newID is the id of a checkpoint: sortable, and no secret, so that the runtime's random numbers do.
func newID() string { return uuid.Must(uuid.NewV7FromReader(entropy{})).String() }

type entropy struct{}

func (entropy) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(rand.Uint32()) //nolint:gosec // no secret
	}
	return len(p), nil
}

func hash(parts ...string) string {
	return uuid.UUID(xxh3.HashString128(strings.Join(parts, "\x00")).Bytes()).String()
}

// paths tell the tasks of a super-step apart: by node, and those that were sent by their number, too.
func paths(targets []checkpoint.Target) []string {
	out := make([]string, len(targets))
	sent := 0
	for i, t := range targets {
		out[i] = t.Node
		if t.Input != nil {
			out[i] += "#" + strconv.Itoa(sent)
			sent++
		}
	}
	return out
}
