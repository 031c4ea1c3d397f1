package checkpoint

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

func (m *Memory) PutThread(ctx context.Context, t Thread) (bool, error) {
	t, err := t.complete(time.Now())
	if err != nil {
		return false, err
	}
	unlock, err := m.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	_, known := m.threads[t.ID]
	stored := m.thread(t.ID, t.CreatedAt)
	stored.Metadata, stored.UpdatedAt, stored.ExpiresAt = t.Metadata, t.UpdatedAt, t.ExpiresAt
	return !known, nil
}

func (m *Memory) Thread(ctx context.Context, id string) (Thread, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Thread{}, err
	}
	defer unlock()
	t := m.threads[id]
	if t == nil {
		return Thread{}, ErrNotFound
	}
	return t.Thread, nil
}

func (m *Memory) SearchThreads(ctx context.Context, q ThreadQuery) ([]Thread, int, error) {
	if err := q.validate(); err != nil {
		return nil, 0, err
	}
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer unlock()
	var out []Thread
	for _, t := range m.threads {
		ok, err := q.matches(t.Thread)
		if err != nil {
			return nil, 0, err
		}
		if ok {
			out = append(out, t.Thread)
		}
	}
	slices.SortFunc(out, q.compare)
	total := len(out)
	return page(out, cmp.Or(q.Limit, total), q.Offset), total, nil
}

func (q ThreadQuery) matches(t Thread) (bool, error) {
	if !strings.HasPrefix(t.ID, q.Prefix) || q.IDs != nil && !slices.Contains(q.IDs, t.ID) || q.Status != "" && t.Status != q.Status {
		return false, nil
	}
	if q.Metadata == nil {
		return true, nil
	}
	return containsJSON(t.Metadata, q.Metadata)
}

func (q ThreadQuery) compare(a, b Thread) int {
	var c int
	switch q.SortBy {
	case "thread_id":
	case "status":
		c = cmp.Compare(a.Status, b.Status)
	case "created_at":
		c = a.CreatedAt.Compare(b.CreatedAt)
	default:
		c = a.UpdatedAt.Compare(b.UpdatedAt)
	}
	if c = cmp.Or(c, cmp.Compare(a.ID, b.ID)); !q.Ascending {
		return -c
	}
	return c
}

func (m *Memory) DeleteThread(ctx context.Context, id string) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	t := m.threads[id]
	if t == nil {
		return ErrNotFound
	}
	if t.open() {
		return ErrBusy
	}
	m.drop(t)
	return nil
}

// drop removes a thread with all that belongs to it.
func (m *Memory) drop(t *memoryThread) {
	for _, r := range t.runs {
		m.dropRun(r)
	}
	maps.DeleteFunc(m.records, func(_ recordKey, r Record) bool { return r.ThreadID == t.ID })
	delete(m.threads, t.ID)
}

func (m *Memory) TrimThread(ctx context.Context, id string) (int, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	t := m.threads[id]
	if t == nil {
		return 0, ErrNotFound
	}
	return t.forget(func(Checkpoint) bool { return false }), nil
}

func (m *Memory) Expired(ctx context.Context, now time.Time, limit int) ([]string, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var due []*memoryThread
	for _, t := range m.threads {
		if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now) && !t.open() {
			due = append(due, t)
		}
	}
	slices.SortFunc(due, func(a, b *memoryThread) int { return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID)) })
	var out []string
	for _, t := range page(due, limit, 0) {
		out = append(out, t.ID)
	}
	return out, nil
}
