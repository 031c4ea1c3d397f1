package checkpoint

import (
	"context"
	"encoding/json"
	"time"
)

// Store is everything the agent keeps. Its methods may be called from many goroutines.
// An error other than the package's own means that the store could not tell; the caller may try again.
type Store interface {
	Checkpoints
	Runs
	Outbox
	Retention
	// Close ends the store. It may be called twice.
	Close() error
}

// Checkpoints is the part that a graph engine needs.
type Checkpoints interface {
	// Load returns the checkpoints from the nearest snapshot to the given one, oldest first.
	// An empty id means the newest of the thread; a new thread gives none.
	Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error)
	// Tasks returns what is known of the tasks that follow a checkpoint.
	Tasks(ctx context.Context, threadID, checkpointID string) ([]TaskRecord, error)
	// Commit stores all of a commit or nothing. It returns ErrRunEnded when the run has ended.
	Commit(ctx context.Context, c Commit) error
	// Receipt returns the receipt of a call, or ErrNotFound.
	Receipt(ctx context.Context, callID string) (Receipt, error)
}

// Commit is one transaction of a run.
type Commit struct {
	ThreadID string
	RunID    string
	// Checkpoint closes a super-step. Nil when the commit only parks tasks or ends the run.
	Checkpoint *Checkpoint
	// CheckpointID is the one whose tasks Done and Interrupts belong to.
	CheckpointID string
	Done         []TaskRecord
	Interrupts   []Interrupt
	// Status is the run's new status. Empty leaves it.
	Status Status
	// EndedAt is when the run ended, for a Status that ends it. Zero stands for its acceptance.
	EndedAt  time.Time
	Error    string
	Messages []Message
	Receipts []Receipt
}

// Runs is the part that accepts work.
type Runs interface {
	// Accept stores a run, its input checkpoint and the offset it came from.
	// It returns false for a run that is known already; the offset moves all the same.
	// The input checkpoint is dropped when an earlier run of the thread has not ended, or when its parent is no longer
	// the thread's newest checkpoint: the engine then writes it when the run starts.
	Accept(ctx context.Context, run Run, input *Checkpoint, at Position) (bool, error)
	// Decide answers an interrupt. It returns the run when this was its last open interrupt, which queues it again.
	// A nil run means that there was nothing to decide or that other interrupts are open.
	Decide(ctx context.Context, interruptID string, value json.RawMessage, at Position) (*Run, error)
	// Run returns one run, or ErrNotFound.
	Run(ctx context.Context, id string) (Run, error)
	// Unfinished returns up to limit runs that are queued, or interrupted, with Seq greater than after, in the order of
	// acceptance and without their inputs.
	Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error)
}

// Outbox is the part that a publisher needs.
type Outbox interface {
	// Unsent returns up to limit messages with Seq greater than after, in order.
	Unsent(ctx context.Context, after int64, limit int) ([]Message, error)
	// UnsentIDs is Unsent without what the messages carry: after an outage that may be gigabytes.
	UnsentIDs(ctx context.Context, after int64, limit int) ([]MessageID, error)
	// Confirm removes messages that were acknowledged and moves the confirmed positions forward.
	Confirm(ctx context.Context, seqs []int64, at []Position) error
	// Confirmed returns the confirmed position of every partition: the next offset to read back from.
	Confirmed(ctx context.Context) ([]Position, error)
}

// Retention is the part that forgets.
type Retention interface {
	// Prune forgets up to limit runs that ended before a moment, oldest first and in one transaction, with their receipts
	// and interrupts. With its last run a thread loses all checkpoints; a thread that has other runs loses those before its
	// newest snapshot that are older than the moment. It returns the number of runs: fewer than limit means no more are due.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
}
