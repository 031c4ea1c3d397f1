package api

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"
)

// What a backend answers when it cannot do what it was asked. It may wrap them: the text goes to the client.
var (
	// ErrNotFound means that there is no such thread, run or checkpoint.
	ErrNotFound = errors.New("not found")
	// ErrExists means that a thread of that id is there.
	ErrExists = errors.New("exists already")
	// ErrBusy means that a run of the thread has not ended.
	ErrBusy = errors.New("thread has a run that has not ended")
	// ErrInvalid means that the graph cannot take what the client sent: an unknown key, node or interrupt, or a wrong type.
	ErrInvalid = errors.New("invalid")
)

// Threads finds threads.
type Threads interface {
	// Thread returns one thread, or ErrNotFound.
	Thread(ctx context.Context, id string) (Thread, error)
	// Threads returns a page of the threads that match, and how many match in all. Limit 0 only counts.
	Threads(ctx context.Context, q ThreadQuery) (page []Thread, total int, err error)
}

// ThreadEditor keeps threads.
type ThreadEditor interface {
	// CreateThread stores a thread without a checkpoint, or returns ErrExists.
	CreateThread(ctx context.Context, t Thread) error
	// PatchThread merges metadata, key by key, and sets the TTL unless it is nil.
	PatchThread(ctx context.Context, id string, metadata map[string]json.RawMessage, ttl *TTL) error
	// DeleteThread forgets a thread with its checkpoints and runs. One whose run has not ended is ErrBusy.
	DeleteThread(ctx context.Context, id string) error
}

// ThreadHistory changes what a thread keeps.
type ThreadHistory interface {
	// CopyThread gives a new thread the checkpoints of another.
	CopyThread(ctx context.Context, from, to string) error
	// PruneThread forgets all checkpoints but the newest.
	PruneThread(ctx context.Context, id string) error
}

// States shows and edits the state of a thread.
type States interface {
	// State returns a thread at a checkpoint, "" for the newest. A thread without checkpoints gives a zero Snapshot;
	// an unknown thread or checkpoint is ErrNotFound.
	State(ctx context.Context, threadID, checkpointID string) (Snapshot, error)
	// History yields snapshots from the newest to the oldest.
	History(ctx context.Context, threadID string, q HistoryQuery) iter.Seq2[Snapshot, error]
	// Update stores what a client made of a checkpoint and returns the new one. A thread whose run has not ended is ErrBusy;
	// one whose run waits for an answer is not.
	Update(ctx context.Context, threadID string, u StateUpdate) (checkpointID string, err error)
}

// Runner works on runs.
type Runner interface {
	// Start stores a run of an existing thread and lets it go in its turn. It returns ErrBusy, ErrNotFound or ErrInvalid.
	// Once it has returned, the run outlives the process.
	Start(ctx context.Context, r Start) (Run, error)
	// Cancel ends a run that has not ended, within one step; its events end, too. With rollback its checkpoints go and the
	// run is forgotten. It returns at once; ErrNotFound for a run that has ended or never was.
	Cancel(ctx context.Context, runID string, rollback bool) error
	// Events yields the events of a run from its first, as they come, and ends when the run has ended.
	// A run of which no events are kept any more yields nothing but its end.
	Events(ctx context.Context, runID string) iter.Seq2[Event, error]
}

// Runs finds runs.
type Runs interface {
	// Run returns one run, or ErrNotFound.
	Run(ctx context.Context, id string) (Run, error)
	// Runs returns a page of a thread's runs, newest first.
	Runs(ctx context.Context, q RunQuery) ([]Run, error)
	// DeleteRun forgets a run that has ended; one that has not is ErrBusy.
	DeleteRun(ctx context.Context, id string) error
}

// Backend is what a server needs of the agent.
type Backend interface {
	Threads
	ThreadEditor
	ThreadHistory
	States
	Runner
	Runs
}

// Start is a run to begin.
type Start struct {
	Run
	// Input is what the client sent, nil to go on where the thread stands.
	Input json.RawMessage
	// Resume answers interrupts: one value by its interrupt's id, or by "" when only one is open (several: ErrInvalid).
	Resume map[string]json.RawMessage
	// Update and Goto are written as by the node that ran last, before the run goes on.
	Update []KeyValue
	Goto   []Send
	// CheckpointID is where the run forks from, "" for the newest.
	CheckpointID string
	// InterruptBefore and InterruptAfter name nodes; "*" is all of them.
	InterruptBefore, InterruptAfter []string
	// Limit is the most super-steps, 0 for the graph's own.
	Limit int
	// After is when the run may begin; zero for now.
	After time.Time
	// Config and Context are the client's config.configurable and context.
	Config, Context map[string]json.RawMessage
}

// StateUpdate is a change of state by a client.
type StateUpdate struct {
	GraphID string
	// CheckpointID is what is changed, "" for the newest.
	CheckpointID string
	// Values are written as if AsNode had returned them; nil writes nothing.
	// AsNode "" is the node that wrote last; "__copy__" copies the checkpoint, so that its tasks run again;
	// "__end__" without values drops what is next; "__input__" takes Values as input.
	Values []KeyValue
	AsNode string
	// Goto takes the place of the edges of AsNode.
	Goto     []Send
	Metadata map[string]json.RawMessage
}
