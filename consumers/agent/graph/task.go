package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

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
	// Recovered means that an earlier process may have begun this task.
	Recovered bool

	checkpointID string
	resumes      []json.RawMessage
	asked        int
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
		ID: InterruptID(t.ID, index), CheckpointID: t.checkpointID, TaskID: t.ID, Index: index, Value: value,
	}}
}

// Resumed says whether an answer waits for the next Interrupt of this execution.
func (t *Task) Resumed() bool { return t.asked < len(t.resumes) }

type interruptError struct{ interrupt checkpoint.Interrupt }

func (e *interruptError) Error() string { return "interrupted: " + e.interrupt.ID }

func asInterrupt(err error) (checkpoint.Interrupt, bool) {
	var e *interruptError
	if errors.As(err, &e) {
		return e.interrupt, true
	}
	return checkpoint.Interrupt{}, false
}

// InterruptID is the id of a task's index-th interrupt.
func InterruptID(taskID string, index int) string { return hash(taskID, strconv.Itoa(index)) }

func taskID(checkpointID, node string) string { return hash(checkpointID, node) }

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
