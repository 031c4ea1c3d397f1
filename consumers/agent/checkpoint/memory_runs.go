package checkpoint

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func (m *Memory) Accept(ctx context.Context, a Acceptance) (bool, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if err := readable(a.Input, nil); err != nil {
		return false, err
	}
	m.consume(a.At)
	if _, known := m.runs[a.Run.ID]; known {
		return false, nil
	}
	t := m.thread(a.Run.ThreadID, a.Run.CreatedAt)
	if !t.open() && t.head() == a.Head {
		t.add(a.Input)
	}
	m.runSeq++
	run := a.Run
	run.Seq, run.Status = m.runSeq, StatusQueued
	m.runs[run.ID] = &run
	t.runs = append(t.runs, &run)
	t.setStatus()
	t.add(nil)
	m.send(a.Messages)
	return true, nil
}

// open says whether the thread has a run that has not ended.
func (t *memoryThread) open() bool {
	return slices.ContainsFunc(t.runs, func(r *Run) bool { return !r.Status.Ended() })
}

func (m *Memory) consume(at Position) {
	if at.Topic != "" {
		m.consumed[partition{at.Topic, at.Partition}] = at.Offset
	}
}

func (m *Memory) Decide(ctx context.Context, d Decision) (Decided, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Decided{}, err
	}
	defer unlock()
	m.consume(d.At)
	run := m.addressed(d)
	if run == nil || run.Status != StatusInterrupted {
		return Decided{}, nil
	}
	t := m.threads[run.ThreadID]
	taken := t.answer(run.ID, d.Answers)
	if len(taken) == 0 && !d.Continue {
		return Decided{}, nil
	}
	for _, id := range taken {
		m.send(d.Messages[id])
	}
	t.add(nil)
	out := Decided{Taken: len(taken)}
	for _, other := range t.interrupts {
		if other.runID == run.ID && other.Resume == nil && !d.Continue {
			return out, nil
		}
	}
	run.Status = StatusQueued
	t.setStatus()
	queued := *run
	out.Queued = &queued
	return out, nil
}

// addressed returns the run that a decision is for, or nil.
func (m *Memory) addressed(d Decision) *Run {
	if run := m.runs[d.RunID]; run != nil && strings.HasPrefix(run.ThreadID, d.ThreadPrefix) {
		return run
	}
	if d.RunID != "" {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(d.Answers)) {
		for _, t := range m.threads {
			in := t.interrupts[id]
			if in != nil && in.Resume == nil && strings.HasPrefix(t.ID, d.ThreadPrefix) && m.runs[in.runID].Status == StatusInterrupted {
				return m.runs[in.runID]
			}
		}
	}
	return nil
}

// answer stores the answers to the run's open questions, and returns their ids.
func (t *memoryThread) answer(runID string, answers map[string]json.RawMessage) []string {
	var taken []string
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		if in := t.interrupts[id]; in != nil && in.runID == runID && in.Resume == nil {
			in.Resume, taken = answers[id], append(taken, id)
		}
	}
	return taken
}

func (m *Memory) Run(ctx context.Context, id string) (Run, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Run{}, err
	}
	defer unlock()
	run, ok := m.runs[id]
	if !ok {
		return Run{}, ErrNotFound
	}
	return *run, nil
}

func (m *Memory) ThreadRuns(ctx context.Context, threadID string, limit, offset int) ([]Run, error) {
	out, err := m.listRuns(ctx, func(r Run) bool { return r.ThreadID == threadID })
	slices.Reverse(out)
	return page(out, limit, offset), err
}

func (m *Memory) Turn(ctx context.Context, threadID string) (Run, error) {
	list, err := m.listRuns(ctx, func(r Run) bool { return r.ThreadID == threadID && !r.Status.Ended() })
	if err != nil {
		return Run{}, err
	}
	if len(list) == 0 {
		return Run{}, ErrNotFound
	}
	return m.Run(ctx, list[0].ID)
}

func (m *Memory) Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error) {
	out, err := m.listRuns(ctx, func(r Run) bool { return r.Status == status && r.Seq > after })
	return page(out, limit, 0), err
}

// listRuns returns runs without their inputs by acceptance.
func (m *Memory) listRuns(ctx context.Context, want func(Run) bool) ([]Run, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []Run
	for _, r := range m.runs {
		if run := *r; want(run) {
			run.Input = nil
			out = append(out, run)
		}
	}
	slices.SortFunc(out, func(a, b Run) int { return cmp.Compare(a.Seq, b.Seq) })
	return out, nil
}
