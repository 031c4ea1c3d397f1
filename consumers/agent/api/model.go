package api

import (
	"encoding/json"
	"time"
)

// Thread is a conversation.
type Thread struct {
	ID        string
	CreatedAt time.Time
	UpdatedAt time.Time
	Metadata  map[string]json.RawMessage
	Status    ThreadStatus
	// Config is the config of its last run.
	Config json.RawMessage
	// Values and Interrupts are those of the newest checkpoint; nil before the first.
	Values     map[string]json.RawMessage
	Interrupts []TaskInterrupts
	TTL        *TTL
}

// TTL is how long a thread lives after its last change.
type TTL struct {
	Strategy string // "delete", or "keep_latest": all checkpoints but the newest go
	After    time.Duration
}

// ThreadStatus says what a thread does.
type ThreadStatus string

// The statuses of a thread.
const (
	ThreadIdle        ThreadStatus = "idle"
	ThreadBusy        ThreadStatus = "busy"
	ThreadInterrupted ThreadStatus = "interrupted"
	ThreadError       ThreadStatus = "error"
)

// ThreadQuery selects threads. Empty fields select all.
type ThreadQuery struct {
	IDs []string
	// Metadata and Values are contained in those of the thread, as jsonb's @> has it.
	Metadata, Values map[string]json.RawMessage
	Status           ThreadStatus
	// SortBy is thread_id, status, created_at or updated_at.
	SortBy        string
	Ascending     bool
	Limit, Offset int
	// WithValues asks for Values and Interrupts, which cost more than the rest.
	WithValues bool
}

// Run is one execution of a graph on a thread.
type Run struct {
	ID          string
	ThreadID    string
	AssistantID string
	GraphID     string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Status      RunStatus
	Metadata    map[string]json.RawMessage
	// Kwargs is what the client asked for. It is stored as it is: the server reads the stream modes there.
	Kwargs    json.RawMessage
	Multitask Multitask
	// Temporary means that the thread goes when the run has ended.
	Temporary bool
	// Error is set with RunError and RunTimeout.
	Error *RunFailure
}

// RunFailure is why a run failed.
type RunFailure struct {
	Error   string `json:"error"` // what kind, as GraphRecursionError
	Message string `json:"message"`
}

// RunStatus says how a run stands.
type RunStatus string

// The statuses of a run. A run that stopped at an interrupt of its graph is a success; interrupted is one that was cancelled.
const (
	RunPending     RunStatus = "pending"
	RunRunning     RunStatus = "running"
	RunError       RunStatus = "error"
	RunSuccess     RunStatus = "success"
	RunTimeout     RunStatus = "timeout"
	RunInterrupted RunStatus = "interrupted"
)

// Multitask says what happens to a run whose thread has one that has not ended.
type Multitask string

// The strategies.
const (
	Reject    Multitask = "reject"    // refused with ErrBusy
	Enqueue   Multitask = "enqueue"   // waits for its turn
	Interrupt Multitask = "interrupt" // the others are cancelled and keep their checkpoints
	Rollback  Multitask = "rollback"  // the others are cancelled and forgotten
)

// RunQuery selects runs of a thread.
type RunQuery struct {
	ThreadID      string
	Status        RunStatus
	Metadata      map[string]json.RawMessage
	Limit, Offset int
}

// HistoryQuery selects checkpoints of a thread.
type HistoryQuery struct {
	// From is the checkpoint to begin with, Before the one to begin after. Both "": the newest.
	From, Before string
	Metadata     map[string]json.RawMessage
	Limit        int
}

// KeyValue is one write of one key.
type KeyValue struct {
	Key   string
	Value json.RawMessage
}

// Send is a node to go to. A nil Input gives it the thread's state.
type Send struct {
	Node  string
	Input json.RawMessage
}

// Snapshot is a thread at a checkpoint.
type Snapshot struct {
	ThreadID     string
	CheckpointID string // "" when the thread has none
	ParentID     string
	CreatedAt    time.Time
	Values       map[string]json.RawMessage
	Next         []string
	Tasks        []Task
	// Source is input, loop, update or fork.
	Source   string
	Step     int
	RunID    string
	Metadata map[string]json.RawMessage
}

// Task is one node of the super-step that follows a checkpoint.
type Task struct {
	ID       string
	Name     string
	Path     []any
	Triggers []string
	// Input is the state that the task sees, or what a Send gave it.
	Input map[string]json.RawMessage
	// Done, Result, Error and Interrupts are known when it has run.
	Done       bool
	Result     []KeyValue
	Error      string
	Interrupts []Pending
}

// Pending is a question that waits for an answer.
type Pending struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// TaskInterrupts is what a task asked.
type TaskInterrupts struct {
	TaskID     string
	Interrupts []Pending
}

// Event is something that a run did. Exactly one of the pointers is set; custom events have Custom.
type Event struct {
	// Step is that of the super-step.
	Step int
	At   time.Time
	// Checkpoint was stored. The first one of a run is its input, or what it goes on from.
	Checkpoint *Snapshot
	// Started and Finished are tasks of the super-step.
	Started, Finished *Task
	// Message is a piece of a message while it is written, or a whole one.
	Message *Message
	// Custom is what a node said with a writer of its own.
	Custom json.RawMessage
	// Failed is the end of a run that failed.
	Failed *RunFailure
}

// Message is a message of a node on its way.
type Message struct {
	Task *Task
	// Chunk is the message in LangChain's JSON, with an id that its pieces share.
	Chunk json.RawMessage
	// Metadata is what the model says of itself, as ls_model_name.
	Metadata map[string]json.RawMessage
}
