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
	// ErrBusy refuses an edit or a deletion of a thread that has a queued run.
	ErrBusy = errors.New("thread has a run under way")
	// ErrConflict refuses a commit that expected another newest checkpoint: somebody was faster.
	ErrConflict = errors.New("thread has moved on")
	// ErrLeased means that another owner's lease has not run out.
	ErrLeased = errors.New("leased by another owner")
	// ErrLeaseLost refuses a commit under a lease that somebody else has taken over.
	ErrLeaseLost = errors.New("lease was lost")
	// ErrInvalid refuses a query or a thread that no store can make sense of.
	ErrInvalid = errors.New("invalid")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store is closed")
)

// Source says why a checkpoint was written.
type Source string

// The sources, by LangGraph's names.
const (
	SourceInput  Source = "input"
	SourceLoop   Source = "loop"
	SourceUpdate Source = "update"
	SourceFork   Source = "fork"
)

// Write is one value for one key of the state.
type Write struct {
	Key   string          `json:"k"`
	Value json.RawMessage `json:"v"`
	// Overwrite replaces the value instead of reducing it.
	Overwrite bool `json:"o,omitempty"`
}

// Target is a task of the next super-step: a node, and for one that was sent to it its own input instead of the state.
type Target struct {
	Node  string
	Input json.RawMessage
}

// MarshalJSON writes a target without an input as the name of its node.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.Input == nil {
		return json.Marshal(t.Node)
	}
	return json.Marshal(sent(t))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Target) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &t.Node) == nil {
		t.Input = nil
		return nil
	}
	var s sent
	err := json.Unmarshal(raw, &s)
	*t = Target(s)
	return err
}

type sent struct {
	Node  string          `json:"n"`
	Input json.RawMessage `json:"i"`
}

// Checkpoint is the state of a thread after a super-step, as the difference to its parent.
type Checkpoint struct {
	ID       string
	ThreadID string
	// RunID is empty for an edit of a thread that had no run under way.
	RunID string
	// ParentID is empty for the first checkpoint of a thread.
	ParentID string
	Source   Source
	// Graph is the version of the graph that made the checkpoint.
	Graph string
	// Nodes are those whose writes the checkpoint holds.
	Nodes []string
	// Step counts the super-steps of the thread: -1 is the first input.
	Step int
	// RunStep counts the super-steps of the run: 0 is its input.
	RunStep int
	// Next are the tasks of the next super-step. Empty when the run is over.
	Next []Target
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
	Next   []Target
	// Error is how the task failed. It runs again when its run, or another one, goes on from the checkpoint.
	Error string
	// Interrupts are the task's questions, in the order in which it asked. Set by the store.
	Interrupts []Interrupt
}

// Resumes are the answers to the task's questions, in the order in which it asked.
func (t TaskRecord) Resumes() []json.RawMessage {
	var out []json.RawMessage
	for _, in := range t.Interrupts {
		if in.Resume != nil {
			out = append(out, in.Resume)
		}
	}
	return out
}

// Interrupt is a question of a task to the outside.
type Interrupt struct {
	ID           string
	CheckpointID string
	TaskID       string
	// Index counts the interrupts of the task.
	Index int
	Value json.RawMessage
	// Resume is the answer, or nil as long as there is none. Set by the store.
	Resume json.RawMessage
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
	// EndedAt is zero for a run that has not ended.
	EndedAt time.Time
}

// ThreadStatus says what a thread is doing.
type ThreadStatus string

// The statuses, by LangGraph's names. A thread is busy while it has a queued run that nobody has to decide first.
const (
	ThreadIdle        ThreadStatus = "idle"
	ThreadBusy        ThreadStatus = "busy"
	ThreadInterrupted ThreadStatus = "interrupted"
	// ThreadError means that its last run has failed.
	ThreadError ThreadStatus = "error"
)

// Thread is a conversation. It comes into being with its first run, or before it by PutThread or an edit.
type Thread struct {
	ID string
	// Metadata is a JSON object.
	Metadata  json.RawMessage
	CreatedAt time.Time
	// UpdatedAt is when its last commit, run or metadata was stored, by the store's clock.
	UpdatedAt time.Time
	// ExpiresAt is when it may be forgotten, zero for never.
	ExpiresAt time.Time
	// Status is set by the store.
	Status ThreadStatus
}

// ThreadQuery selects threads. Its zero value selects all.
type ThreadQuery struct {
	// Prefix is what their ids begin with: a tenant's threads.
	Prefix string
	IDs    []string
	// Metadata is a JSON object that theirs must contain.
	Metadata json.RawMessage
	Status   ThreadStatus
	// SortBy is thread_id, status, created_at or updated_at. Defaults to updated_at.
	SortBy string
	// Ascending turns the order, which is descending otherwise.
	Ascending bool
	Limit     int
	Offset    int
}

// Record is a small document of a neighbour of the engine, such as a server's assistants: opaque to the store.
type Record struct {
	// Kind and ID are the key. Kind separates the neighbours.
	Kind string
	ID   string
	// ThreadID binds the record to a thread, with which it is deleted. It may be empty.
	ThreadID  string
	Value     json.RawMessage
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Lease is the right to work on a thread, or on something else that one process at a time may do.
type Lease struct {
	Key   string
	Owner string
	// Epoch grows with each change of the owner: what was written under an older one is refused.
	Epoch int64
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
