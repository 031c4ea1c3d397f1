package checkpoint

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

func (m *Memory) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	var due []*Run
	for _, r := range m.runs {
		if r.Status.Ended() && r.EndedAt.Before(before) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b *Run) int { return cmp.Or(a.EndedAt.Compare(b.EndedAt), cmp.Compare(a.Seq, b.Seq)) })
	due = page(due, limit, 0)
	threads := map[*memoryThread]bool{}
	for _, r := range due {
		m.dropRun(r)
		threads[m.threads[r.ThreadID]] = true
	}
	for t := range threads {
		m.shorten(t, before)
	}
	maps.DeleteFunc(m.leases, func(_ string, l memoryLease) bool { return l.expires.Before(before) })
	return len(due), nil
}

// dropRun removes a run with its receipts and interrupts.
func (m *Memory) dropRun(run *Run) {
	delete(m.runs, run.ID)
	maps.DeleteFunc(m.receipts, func(_ string, r Receipt) bool { return r.RunID == run.ID })
	t := m.threads[run.ThreadID]
	t.runs = slices.DeleteFunc(slices.Clone(t.runs), func(r *Run) bool { return r == run })
	maps.DeleteFunc(t.interrupts, func(_ string, in *memoryInterrupt) bool { return in.runID == run.ID })
}

// shorten removes a thread that has no run left and was not edited since, or what it needs no more.
func (m *Memory) shorten(t *memoryThread, before time.Time) {
	young := func(c Checkpoint) bool { return !c.CreatedAt.Before(before) }
	if len(t.runs) == 0 && !slices.ContainsFunc(t.checkpoints, young) {
		m.drop(t)
		return
	}
	t.forget(young)
	t.setStatus()
}

// forget removes the checkpoints that neither the newest nor one that must stay is loaded from.
func (t *memoryThread) forget(stays func(Checkpoint) bool) int {
	keep := map[string]bool{}
	for _, c := range t.checkpoints {
		if c.ID != t.head() && !stays(c) {
			continue
		}
		line, _ := t.line(c.ID)
		for _, c := range line {
			keep[c.ID] = true
		}
	}
	before := len(t.checkpoints)
	gone := func(id string) bool { return t.index(id) >= 0 && !keep[id] }
	maps.DeleteFunc(t.tasks, func(key taskKey, _ TaskRecord) bool { return gone(key.checkpointID) })
	maps.DeleteFunc(t.interrupts, func(_ string, in *memoryInterrupt) bool { return in.Resume != nil && gone(in.CheckpointID) })
	t.checkpoints = slices.DeleteFunc(slices.Clone(t.checkpoints), func(c Checkpoint) bool { return !keep[c.ID] })
	clear(t.places)
	for i, c := range t.checkpoints {
		t.places[c.ID] = i
	}
	return before - len(t.checkpoints)
}
