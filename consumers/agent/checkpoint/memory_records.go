package checkpoint

import (
	"context"
	"slices"
	"time"
)

func (m *Memory) PutRecord(ctx context.Context, r Record) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	m.records[recordKey{r.Kind, r.ID}] = r
	return nil
}

func (m *Memory) Record(ctx context.Context, kind, id string) (Record, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Record{}, err
	}
	defer unlock()
	r, ok := m.records[recordKey{kind, id}]
	if !ok {
		return Record{}, ErrNotFound
	}
	return r, nil
}

func (m *Memory) ListRecords(ctx context.Context, kind, threadID string, limit, offset int) ([]Record, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []Record
	for _, r := range m.records {
		if r.Kind == kind && (threadID == "" || r.ThreadID == threadID) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return newestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })
	return page(out, limit, offset), nil
}

func (m *Memory) DeleteRecord(ctx context.Context, kind, id string) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	delete(m.records, recordKey{kind, id})
	return nil
}

func (m *Memory) Claim(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Lease{}, err
	}
	defer unlock()
	l, held := m.leases[key]
	if held && l.Owner != owner && !l.expires.Before(time.Now()) {
		return Lease{}, ErrLeased
	}
	if l.Owner != owner {
		m.epoch++
		l.Lease = Lease{Key: key, Owner: owner, Epoch: m.epoch}
	}
	l.expires = time.Now().Add(ttl)
	m.leases[key] = l
	return l.Lease, nil
}

func (m *Memory) Renew(ctx context.Context, owner string, ttl time.Duration) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for key, l := range m.leases {
		if l.Owner == owner {
			l.expires = time.Now().Add(ttl)
			m.leases[key] = l
		}
	}
	return nil
}

func (m *Memory) Release(ctx context.Context, l Lease) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if m.leases[l.Key].Lease == l {
		delete(m.leases, l.Key)
	}
	return nil
}
