package checkpoint

import (
	"context"
	"encoding/json"
	"slices"
)

func (m *Memory) Accept(ctx context.Context, run Run, input *Checkpoint, at Position) (bool, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	m.consume(at)
	if _, known := m.runs[run.ID]; known {
		return false, nil
	}
	if input != nil && !m.busy(run.ThreadID) && m.head(run.ThreadID) == input.ParentID {
		m.checkpoints[run.ThreadID] = append(m.checkpoints[run.ThreadID], *input)
	}
	m.runSeq++
	run.Seq, run.Status = m.runSeq, StatusQueued
	m.runs[run.ID] = &run
	m.order = append(m.order, run.ID)
	return true, nil
}

func (m *Memory) busy(threadID string) bool {
	for _, r := range m.runs {
		if r.ThreadID == threadID && !r.Status.Ended() {
			return true
		}
	}
	return false
}

func (m *Memory) head(threadID string) string {
	if all := m.checkpoints[threadID]; len(all) > 0 {
		return all[len(all)-1].ID
	}
	return ""
}

func (m *Memory) consume(at Position) {
	if at.Topic != "" {
		m.consumed[partition{at.Topic, at.Partition}] = at.Offset
	}
}

func (m *Memory) Decide(ctx context.Context, interruptID string, value json.RawMessage, at Position) (*Run, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	m.consume(at)
	in, ok := m.interrupts[interruptID]
	if !ok || in.resume != nil {
		return nil, nil
	}
	run := m.runs[in.runID]
	if run.Status != StatusInterrupted {
		return nil, nil
	}
	in.resume = value
	for _, other := range m.interrupts {
		if other.runID == in.runID && other.resume == nil {
			return nil, nil
		}
	}
	run.Status = StatusQueued
	out := *run
	return &out, nil
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

func (m *Memory) Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []Run
	for _, id := range m.order {
		if r := *m.runs[id]; r.Status == status && r.Seq > after && len(out) < limit {
			r.Input = nil
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *Memory) Unsent(ctx context.Context, after int64, limit int) ([]Message, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []Message
	for _, msg := range m.outbox {
		if msg.Seq > after && len(out) < limit {
			out = append(out, msg)
		}
	}
	return out, nil
}

func (m *Memory) UnsentIDs(ctx context.Context, after int64, limit int) ([]MessageID, error) {
	list, err := m.Unsent(ctx, after, limit)
	var out []MessageID
	for _, msg := range list {
		out = append(out, MessageID{Seq: msg.Seq, ID: msg.ID, Topic: msg.Topic})
	}
	return out, err
}

func (m *Memory) Confirm(ctx context.Context, seqs []int64, at []Position) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	m.outbox = slices.DeleteFunc(m.outbox, func(msg Message) bool { return slices.Contains(seqs, msg.Seq) })
	for _, p := range at {
		key := partition{p.Topic, p.Partition}
		if old, ok := m.confirmed[key]; !ok || p.Offset > old {
			m.confirmed[key] = p.Offset
		}
	}
	return nil
}

func (m *Memory) Confirmed(ctx context.Context) ([]Position, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []Position
	for key, offset := range m.confirmed {
		out = append(out, Position{Topic: key.topic, Partition: key.number, Offset: offset})
	}
	return out, nil
}
