package checkpoint

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Store is everything the agent keeps. Its methods may be called from many goroutines.
// An error other than the package's own means that the store could not tell; the caller may try again.
type Store interface {
	Checkpoints
	Runs
	Threads
	Records
	Leases
	Outbox
	Retention
	// Shared says that other processes may work on the store, so that threads have to be leased.
	Shared() bool
	// Close ends the store. It may be called twice.
	Close() error
}

// Checkpoints is the part that a graph engine needs.
type Checkpoints interface {
	// Load returns the checkpoints from the nearest snapshot to the given one, oldest first.
	// An empty id means the newest of the thread; a new thread gives none.
	// ErrNotFound means that the thread has no such checkpoint, or that it was pruned.
	Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error)
	// History returns up to limit checkpoints of the thread, newest first, all branches in the order of their writing.
	// A non-empty before starts after that checkpoint; ErrNotFound means that the thread does not have it.
	History(ctx context.Context, threadID, before string, limit int) ([]Checkpoint, error)
	// Tasks returns what is known of the tasks that follow a checkpoint.
	Tasks(ctx context.Context, threadID, checkpointID string) ([]TaskRecord, error)
	// Commit stores all of a commit or nothing. Its errors are ErrNotFound for an unknown run, ErrRunEnded, ErrBusy,
	// ErrConflict and ErrLeaseLost. One whose last checkpoint is the thread's newest already is there, and is not stored twice:
	// after another error it may be tried again as it is.
	Commit(ctx context.Context, c Commit) error
	// Receipt returns the receipt of a call, or ErrNotFound.
	Receipt(ctx context.Context, callID string) (Receipt, error)
}

// Commit is one transaction of a run, or an edit of a thread.
type Commit struct {
	ThreadID string
	// RunID is empty for an edit of a thread without a run under way: ErrBusy when there is a queued one. With it, a commit
	// edits the thread of a run that waits if a checkpoint's source is SourceUpdate, or if it has checkpoints and withdraws
	// what was asked: ErrBusy when the run has been queued.
	RunID string
	// Lease fences the commit: ErrLeaseLost when it is no longer the newest of its key. Nil where one process owns the store.
	Lease *Lease
	// Head, if not empty, must be the thread's newest checkpoint: ErrConflict when it is not.
	Head string
	// Fresh says that the thread must not have a checkpoint yet: ErrConflict when it has.
	Fresh bool
	// Checkpoints close super-steps, oldest first; most commits have one. Tasks of their parents are removed.
	Checkpoints []Checkpoint
	// CheckpointID is the one whose tasks Tasks and Interrupts belong to.
	CheckpointID string
	// Tasks replace what is known of them.
	Tasks      []TaskRecord
	Interrupts []Interrupt
	// Withdraw removes the run's questions that have no answer: the state they were asked about is no longer the newest.
	Withdraw bool
	// Status is the run's new status. Empty leaves it.
	Status Status
	// EndedAt is when the run ended, for a Status that ends it. Zero stands for its acceptance.
	EndedAt  time.Time
	Error    string
	Messages []Message
	Receipts []Receipt
}

// edits says whether the commit changes the thread of a waiting run from outside.
func (c Commit) edits() bool {
	if c.RunID == "" || len(c.Checkpoints) == 0 {
		return false
	}
	return c.Withdraw || slices.ContainsFunc(c.Checkpoints, func(p Checkpoint) bool { return p.Source == SourceUpdate })
}

// fits says whether the commit rests on a thread with this newest checkpoint.
func (c Commit) fits(head string) bool {
	return (c.Head == "" || c.Head == head) && (!c.Fresh || head == "")
}

// Runs is the part that accepts work.
type Runs interface {
	// Accept stores a run with all that comes with it.
	// It returns false for a run that is known already; only the offset moves then.
	Accept(ctx context.Context, a Acceptance) (bool, error)
	// Decide answers interrupts of a run that waits, and queues it when none is open any more.
	Decide(ctx context.Context, d Decision) (Decided, error)
	// Run returns one run, or ErrNotFound.
	Run(ctx context.Context, id string) (Run, error)
	// ThreadRuns returns up to limit runs of a thread without their inputs, newest first, after offset others.
	ThreadRuns(ctx context.Context, threadID string, limit, offset int) ([]Run, error)
	// Turn returns the oldest run of a thread that has not ended, or ErrNotFound.
	Turn(ctx context.Context, threadID string) (Run, error)
	// Unfinished returns up to limit runs that are queued, or interrupted, with Seq greater than after, in the order of
	// acceptance and without their inputs.
	Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error)
}

// Acceptance is one transaction that brings a run into being, and its thread if that is new.
type Acceptance struct {
	Run Run
	// Head is the thread's newest checkpoint when Input was prepared.
	Head string
	// Input are the checkpoints that begin the run. They are dropped when an earlier run of the thread has not ended, or when
	// Head is no longer the thread's newest checkpoint: the engine then writes them when the run starts.
	Input []Checkpoint
	At    Position
	// Messages are published if the run is new.
	Messages []Message
}

// Decision answers interrupts of one run.
type Decision struct {
	// RunID is the run, or empty to find it by the answers.
	RunID string
	// ThreadPrefix is what the id of the run's thread must begin with: a tenant's threads. Of other threads nothing changes.
	ThreadPrefix string
	// Answers by interrupt id. Those that are answered already, and those of runs that do not wait, change nothing.
	Answers map[string]json.RawMessage
	// Continue queues the waiting run although questions are open: their tasks ask them again.
	Continue bool
	At       Position
	// Messages by interrupt id are published if the answer to it was taken.
	Messages map[string][]Message
}

// Decided is what a decision has changed.
type Decided struct {
	// Queued is the run if it goes on now. Nil means that it did not wait, or that other interrupts are open.
	Queued *Run
	// Taken counts the answers that were stored.
	Taken int
}

// Threads is the part that lists conversations. ErrInvalid refuses metadata that is no JSON object and an unknown SortBy.
type Threads interface {
	// PutThread creates the thread or replaces its metadata and expiry. It returns whether it is new. A thread without a time
	// of creation was created now.
	PutThread(ctx context.Context, t Thread) (bool, error)
	// Thread returns one thread, or ErrNotFound.
	Thread(ctx context.Context, id string) (Thread, error)
	// SearchThreads returns a page, and how many there are without limit and offset.
	SearchThreads(ctx context.Context, q ThreadQuery) ([]Thread, int, error)
	// DeleteThread removes a thread with its runs, checkpoints, receipts and records; messages that wait to be published stay.
	// ErrBusy when it has a run that has not ended, ErrNotFound when there is no such thread.
	DeleteThread(ctx context.Context, id string) error
	// TrimThread removes all checkpoints that loading the newest does not read, and returns how many, or ErrNotFound.
	TrimThread(ctx context.Context, id string) (int, error)
}

// Records keeps small documents of the engine's neighbours.
type Records interface {
	// PutRecord creates or replaces one.
	PutRecord(ctx context.Context, r Record) error
	// Record returns one, or ErrNotFound.
	Record(ctx context.Context, kind, id string) (Record, error)
	// ListRecords returns up to limit records of a kind by descending creation after offset others, of one thread unless threadID is empty.
	ListRecords(ctx context.Context, kind, threadID string, limit, offset int) ([]Record, error)
	// DeleteRecord removes one, or does nothing.
	DeleteRecord(ctx context.Context, kind, id string) error
}

// Leases keeps several processes apart. Their clocks must agree to within a fraction of the time to live.
type Leases interface {
	// Claim takes a lease or renews one's own. ErrLeased when another owner's has not run out.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error)
	// Renew prolongs all leases of an owner.
	Renew(ctx context.Context, owner string, ttl time.Duration) error
	// Release ends a lease. One that was taken over is left alone.
	Release(ctx context.Context, l Lease) error
}

// Outbox is the part that a publisher needs.
type Outbox interface {
	// Unsent returns up to limit messages with Seq greater than after, in order. None with a smaller Seq appears later.
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
	// and interrupts. A thread that has no run left nor a younger checkpoint is deleted; another one loses the checkpoints that
	// are older than the moment and that neither its newest nor a younger one is loaded from.
	// It returns the number of runs: fewer than limit means no more are due.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
	// Expired returns up to limit threads whose time has come and that have no run under way.
	Expired(ctx context.Context, now time.Time, limit int) ([]string, error)
}
