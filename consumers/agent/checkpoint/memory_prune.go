package checkpoint

import (
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
	var due []string
	for _, id := range m.order {
		if m.runs[id].Status.Ended() && m.ended[id].Before(before) {
			due = append(due, id)
		}
	}
	slices.SortStableFunc(due, func(a, b string) int { return m.ended[a].Compare(m.ended[b]) })
	due = due[:min(len(due), limit)]
	for _, id := range due {
		m.pruneRun(*m.runs[id], before)
	}
	return len(due), nil
}

func (m *Memory) pruneRun(run Run, before time.Time) {
	delete(m.runs, run.ID)
	delete(m.ended, run.ID)
	m.order = slices.DeleteFunc(m.order, func(id string) bool { return id == run.ID })
	maps.DeleteFunc(m.receipts, func(_ string, r Receipt) bool { return r.RunID == run.ID })
	maps.DeleteFunc(m.interrupts, func(_ string, in *openInterrupt) bool { return in.runID == run.ID })
	all := m.checkpoints[run.ThreadID]
	keep := len(all)
	for _, r := range m.runs {
		if r.ThreadID == run.ThreadID { // the thread goes on
			keep = max(lastSnapshot(all), 0)
			for keep > 0 && !all[keep-1].CreatedAt.Before(before) {
				keep--
			}
			break
		}
	}
	for _, c := range all[:keep] {
		delete(m.tasks, c.ID)
	}
	if keep == len(all) {
		delete(m.checkpoints, run.ThreadID)
		return
	}
	m.checkpoints[run.ThreadID] = slices.Clone(all[keep:])
}

func lastSnapshot(all []Checkpoint) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Snapshot != nil {
			return i
		}
	}
	return -1
}
