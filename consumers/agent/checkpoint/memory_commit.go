package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

func (m *Memory) Commit(ctx context.Context, c Commit) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := readable(c.Checkpoints, c.Tasks); err != nil {
		return err
	}
	t, stored, err := m.admit(c)
	if err != nil || stored {
		return err
	}
	t.add(c.Checkpoints)
	for _, task := range c.Tasks {
		t.tasks[taskKey{c.CheckpointID, task.TaskID}] = task
	}
	t.ask(c)
	for _, r := range c.Receipts {
		if known := m.receipts[r.CallID]; known.Result == nil {
			m.receipts[r.CallID] = r
		}
	}
	m.send(c.Messages)
	if run := m.runs[c.RunID]; run != nil && c.Status != "" {
		run.Status, run.Error, run.EndedAt = c.Status, c.Error, time.Time{}
		if c.Status.Ended() {
			if run.EndedAt = c.EndedAt; c.EndedAt.IsZero() {
				run.EndedAt = run.CreatedAt
			}
		}
		t.setStatus()
	}
	return nil
}

// admit checks what the commit rests on. It returns whether all of it is there already.
func (m *Memory) admit(c Commit) (*memoryThread, bool, error) {
	if c.Lease != nil && m.leases[c.Lease.Key].Lease != *c.Lease {
		return nil, false, ErrLeaseLost
	}
	run := m.runs[c.RunID]
	if c.RunID != "" && (run == nil || run.ThreadID != c.ThreadID) {
		return nil, false, ErrNotFound
	}
	head := ""
	if t := m.threads[c.ThreadID]; t != nil {
		head = t.head()
	}
	switch n := len(c.Checkpoints); {
	case n > 0 && c.Checkpoints[n-1].ID == head:
		return nil, true, nil
	case run != nil && run.Status.Ended():
		return nil, false, ErrRunEnded
	case !c.fits(head):
		return nil, false, ErrConflict
	case c.edits() && run.Status != StatusInterrupted:
		return nil, false, ErrBusy
	}
	t := m.thread(c.ThreadID, time.Time{})
	for _, p := range c.Checkpoints {
		if t.index(p.ID) >= 0 {
			return nil, false, fmt.Errorf("inserting checkpoint %s: there is one", p.ID)
		}
	}
	if run == nil && slices.ContainsFunc(t.runs, func(r *Run) bool { return r.Status == StatusQueued }) {
		return nil, false, ErrBusy
	}
	return t, false, nil
}

// readable refuses values that the other stores could not read again.
func readable(checkpoints []Checkpoint, tasks []TaskRecord) error {
	for _, c := range checkpoints {
		if _, err := packWrites(c.Writes); err != nil {
			return err
		}
	}
	for _, t := range tasks {
		if _, err := packWrites(t.Writes); err != nil {
			return err
		}
	}
	return nil
}

// add appends checkpoints and removes the tasks that they close.
func (t *memoryThread) add(list []Checkpoint) {
	for _, c := range list {
		t.places[c.ID] = len(t.checkpoints)
		t.checkpoints = append(t.checkpoints, c)
		maps.DeleteFunc(t.tasks, func(key taskKey, _ TaskRecord) bool { return key.checkpointID == c.ParentID })
	}
	t.UpdatedAt = time.Now()
}

func (t *memoryThread) ask(c Commit) {
	if c.Withdraw {
		maps.DeleteFunc(t.interrupts, func(_ string, in *memoryInterrupt) bool {
			return in.Resume == nil && (c.RunID == "" || in.runID == c.RunID)
		})
	}
	for _, in := range c.Interrupts {
		if known := t.interrupts[in.ID]; known == nil || known.Resume == nil {
			t.interrupts[in.ID] = &memoryInterrupt{Interrupt: in, runID: c.RunID}
		}
	}
}

// send adds to the outbox what is not there yet.
func (m *Memory) send(list []Message) {
	for _, msg := range list {
		if slices.ContainsFunc(m.outbox, func(other Message) bool { return other.ID == msg.ID }) {
			continue
		}
		m.seq++
		msg.Seq = m.seq
		m.outbox = append(m.outbox, msg)
	}
}

// setStatus derives the thread's status from its runs.
func (t *memoryThread) setStatus() {
	t.Status = ThreadIdle
	for _, r := range t.runs {
		switch r.Status {
		case StatusQueued:
			t.Status = ThreadBusy
			return
		case StatusInterrupted:
			t.Status = ThreadInterrupted
			return
		case StatusFailed:
			t.Status = ThreadError
		case StatusDone:
			t.Status = ThreadIdle
		}
	}
}
