package checkpoint

import (
	"context"
	"slices"
)

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
