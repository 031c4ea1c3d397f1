package checkpoint

import (
	"encoding/json"
	"errors"
	"time"
)

var (
	// ErrNotFound means that the store has no such run or checkpoint.
	ErrNotFound = errors.New("not found")
	// ErrRunEnded refuses a commit of a run that has ended: the first result stands.
	ErrRunEnded = errors.New("run has ended")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store is closed")
)

// Source says why a checkpoint was written.
type Source string

// The sources, by LangGraph's names.
const (
	SourceInput Source = "input"
	SourceLoop  Source = "loop"
)

// Write is one value for one key of the state.
type Write struct {
	Key   string          `json:"k"`
	Value json.RawMessage `json:"v"`
	// Overwrite replaces the value instead of reducing it.
	Overwrite bool `json:"o,omitempty"`
}

// Checkpoint is the state of a thread after a super-step, as the difference to its parent.
type Checkpoint struct {
	ID       string
	ThreadID string
	RunID    string
	// ParentID is empty for the first checkpoint of a thread.
	ParentID string
	Source   Source
	// Step counts the super-steps of the thread: -1 is the first input.
	Step int
	// RunStep counts the super-steps of the run: 0 is its input.
	RunStep int
	// Next names the nodes of the next super-step. Empty when the run is over.
	Next []string
	// Writes turn the parent's state into this one.
	Writes []Write
	// Snapshot is the whole state, or nil on the checkpoints between two snapshots.
	Snapshot  map[string]json.RawMessage
	CreatedAt time.Time
}

// TaskRecord is what is known of a task of the super-step after a checkpoint.
type TaskRecord struct {
	TaskID string
	// Done means that the task has finished while a sibling had not; it does not run again.
	Done   bool
	Writes []Write
	Next   []string
	// Resumes are the answers to the task's interrupts, in the order in which it asked.
	Resumes []json.RawMessage
}

// Interrupt is a question of a task to the outside.
type Interrupt struct {
	ID           string
	CheckpointID string
	TaskID       string
	// Index counts the interrupts of the task.
	Index int
	Value json.RawMessage
}

// Status of a run.
type Status string

// The statuses. Queued runs are waiting or running; which of them is known to the process alone.
const (
	StatusQueued      Status = "queued"
	StatusInterrupted Status = "interrupted"
	StatusDone        Status = "done"
	StatusFailed      Status = "failed"
)

// Ended says whether nothing more happens to the run.
func (s Status) Ended() bool { return s == StatusDone || s == StatusFailed }

// Run is one accepted input of a thread.
type Run struct {
	// Seq is the order of acceptance, set by the store.
	Seq      int64
	ID       string
	ThreadID string
	Status   Status
	// Input is what the run was accepted with, opaque to the store.
	Input     []byte
	Error     string
	CreatedAt time.Time
}

// Position is a place in a topic partition.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Message is an outbox row: a record to publish once.
type Message struct {
	// Seq is the publishing order, set by the store.
	Seq     int64
	ID      string
	Topic   string
	Key     []byte
	Value   []byte
	Headers []Header
}

// MessageID is what is needed to recognise a message.
type MessageID struct {
	Seq   int64
	ID    string
	Topic string
}

// Header is a header of a message.
type Header struct {
	Key   string `json:"k"`
	Value []byte `json:"v"`
}

// Receipt of a tool call: the intent is stored before the call, the result after it.
type Receipt struct {
	CallID    string
	RunID     string
	Tool      string
	Arguments json.RawMessage
	// Result is nil as long as only the intent is known.
	Result json.RawMessage
}
