package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func (s sqlStore) Commit(ctx context.Context, c Commit) error {
	return s.db.change(ctx, "storing a commit", func(x tx) error {
		at, stored, err := admit(x, c)
		if err != nil || stored {
			return err
		}
		if err := storeCheckpoints(x, at, c.Checkpoints); err != nil {
			return err
		}
		for _, part := range []func(tx, int64, Commit) error{storeTasks, storeInterrupts, storeReceipts, storeStatus} {
			if err := part(x, at.thread, c); err != nil {
				return err
			}
		}
		return storeMessages(x, c.Messages)
	})
}

// place is a thread as a change finds it.
type place struct {
	thread int64
	head   string
	// parked means that there are tasks of a checkpoint.
	parked bool
	// waits means that a run of the thread has not ended.
	waits bool
}

const placeColumns = `t.thread, t.head, EXISTS (SELECT 1 FROM tasks k WHERE k.thread = t.thread)`

func (p *place) columns() []any { return []any{&p.thread, (*ident)(&p.head), &p.parked} }

// admit locks the thread and checks what the commit rests on. It returns whether all of the commit is there already:
// its caller could not know and tries again.
func admit(x tx, c Commit) (at place, stored bool, err error) {
	if c.RunID == "" {
		now := time.Now().UnixNano()
		if err := x.exec(`INSERT INTO threads (thread_id, created_at, updated_at) VALUES ($1, $2, $2) ON CONFLICT (thread_id) DO NOTHING`,
			c.ThreadID, now); err != nil {
			return at, false, err
		}
	}
	if err := lockThread(x, c.ThreadID); err != nil {
		return at, false, err
	}
	if err := holds(x, c.Lease); err != nil {
		return at, false, err
	}
	var status string // of the run
	var found bool
	if c.RunID == "" {
		found, err = one(x, at.columns(), `SELECT `+placeColumns+` FROM threads t WHERE t.thread_id = $1`, c.ThreadID)
	} else {
		found, err = one(x, append(at.columns(), &status), `SELECT `+placeColumns+`, r.status FROM threads t JOIN runs r ON r.thread = t.thread
 WHERE t.thread_id = $1 AND r.run_id = $2`, c.ThreadID, ident(c.RunID))
	}
	switch n := len(c.Checkpoints); {
	case err != nil:
		return at, false, fmt.Errorf("reading run %s: %w", c.RunID, err)
	case !found:
		return at, false, ErrNotFound
	case n > 0 && c.Checkpoints[n-1].ID == at.head:
		return at, true, nil
	case c.RunID != "" && Status(status).Ended():
		return at, false, ErrRunEnded
	case !c.fits(at.head):
		return at, false, ErrConflict
	case c.edits() && Status(status) != StatusInterrupted:
		return at, false, ErrBusy
	case c.RunID == "":
		return at, false, idle(x, at.thread)
	}
	return at, false, nil
}

func lockThread(x tx, threadID string) error {
	return x.lock(`SELECT FROM threads WHERE thread_id = $1 FOR UPDATE`, threadID)
}

// holds checks a lease and keeps it from being taken over until the end of the transaction.
func holds(x tx, l *Lease) error {
	if l == nil {
		return nil
	}
	if err := x.lock(`SELECT FROM leases WHERE key = $1 FOR SHARE`, l.Key); err != nil {
		return err
	}
	var n int
	held, err := one(x, []any{&n}, `SELECT 1 FROM leases WHERE key = $1 AND owner = $2 AND epoch = $3`, l.Key, l.Owner, l.Epoch)
	if err == nil && !held {
		err = ErrLeaseLost
	}
	return err
}

// idle refuses an edit while a run is queued.
func idle(x tx, thread int64) error {
	var n int
	queued, err := one(x, []any{&n}, `SELECT 1 FROM runs WHERE thread = $1 AND status = 'queued' AND status IN ('queued', 'interrupted') LIMIT 1`, thread)
	if err == nil && queued {
		err = ErrBusy
	}
	return err
}

// storeCheckpoints adds checkpoints and removes the tasks that they close.
func storeCheckpoints(x tx, at place, added []Checkpoint) error {
	for _, p := range added {
		if err := insertCheckpoint(x, at.thread, p); err != nil {
			return err
		}
		if !at.parked {
			continue
		}
		if err := x.exec(`DELETE FROM tasks WHERE thread = $1 AND checkpoint_id = $2`, at.thread, ident(p.ParentID)); err != nil {
			return err
		}
	}
	return touch(x, at.thread, added)
}

// touch moves the thread's head and its time.
func touch(x tx, thread int64, added []Checkpoint) error {
	now := time.Now().UnixNano()
	if len(added) == 0 {
		return x.exec(`UPDATE threads SET updated_at = $2 WHERE thread = $1`, thread, now)
	}
	return x.exec(`UPDATE threads SET updated_at = $2, head = $3 WHERE thread = $1`, thread, now, ident(added[len(added)-1].ID))
}

func storeTasks(x tx, thread int64, c Commit) error {
	for _, t := range c.Tasks {
		writes, err1 := packWrites(t.Writes)
		next, err2 := packTargets(t.Next)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("encoding task %s: %w", t.TaskID, err)
		}
		if err := x.exec(`INSERT INTO tasks (thread, checkpoint_id, task_id, done, writes, next, error) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (thread, checkpoint_id, task_id) DO UPDATE
 SET done = excluded.done, writes = excluded.writes, next = excluded.next, error = excluded.error`,
			thread, ident(c.CheckpointID), ident(t.TaskID), t.Done, writes, next, t.Error); err != nil {
			return fmt.Errorf("inserting task %s: %w", t.TaskID, err)
		}
	}
	return nil
}

func storeInterrupts(x tx, thread int64, c Commit) error {
	if c.Withdraw {
		// Those of an edit are the questions of whatever run waits.
		if err := x.exec(`DELETE FROM interrupts WHERE thread = $1 AND resume IS NULL AND ($2 = '' OR run_id = $2)`,
			thread, ident(c.RunID)); err != nil {
			return fmt.Errorf("withdrawing interrupts: %w", err)
		}
	}
	for _, in := range c.Interrupts {
		// An open question that another run asks again is that run's.
		if err := x.exec(`INSERT INTO interrupts (interrupt_id, thread, run_id, checkpoint_id, task_id, idx, value) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (interrupt_id, thread) DO UPDATE SET run_id = excluded.run_id, value = excluded.value WHERE interrupts.resume IS NULL`,
			ident(in.ID), thread, ident(c.RunID), ident(in.CheckpointID), ident(in.TaskID), in.Index, string(in.Value)); err != nil {
			return fmt.Errorf("inserting interrupt %s: %w", in.ID, err)
		}
	}
	return nil
}

func storeReceipts(x tx, _ int64, c Commit) error {
	for _, r := range c.Receipts {
		if err := x.exec(`INSERT INTO receipts (call_id, run_id, tool, arguments, result) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (call_id) DO UPDATE SET arguments = excluded.arguments, result = excluded.result WHERE receipts.result IS NULL`,
			ident(r.CallID), ident(r.RunID), r.Tool, string(r.Arguments), nullable(r.Result)); err != nil {
			return fmt.Errorf("inserting receipt %s: %w", r.CallID, err)
		}
	}
	return nil
}

func storeStatus(x tx, thread int64, c Commit) error {
	if c.RunID == "" || c.Status == "" {
		return nil
	}
	ended := int64(0)
	if c.Status.Ended() {
		ended = nanos(c.EndedAt)
	}
	if err := x.exec(`UPDATE runs SET status = $2, error = $3, ended_at = CASE WHEN $4 THEN created_at ELSE CAST($5 AS BIGINT) END WHERE run_id = $1`,
		ident(c.RunID), string(c.Status), c.Error, c.Status.Ended() && ended == 0, ended); err != nil {
		return fmt.Errorf("storing the status of run %s: %w", c.RunID, err)
	}
	return setStatus(x, thread)
}

// setStatus derives a thread's status from its runs.
func setStatus(x tx, thread int64) error {
	return x.exec(`UPDATE threads SET status = CASE
 (SELECT r.status FROM runs r WHERE r.thread = $1 AND r.status IN ('queued', 'interrupted') ORDER BY r.seq LIMIT 1)
 WHEN 'queued' THEN 'busy'
 WHEN 'interrupted' THEN 'interrupted'
 ELSE CASE (SELECT r.status FROM runs r WHERE r.thread = $1 AND r.status IN ('done', 'failed') ORDER BY r.seq DESC LIMIT 1)
      WHEN 'failed' THEN 'error' ELSE 'idle' END
 END WHERE thread = $1`, thread)
}
