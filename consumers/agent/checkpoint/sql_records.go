package checkpoint

import (
	"context"
	"time"
)

const recordColumns = `kind, id, thread_id, value, created_at, updated_at`

func (s sqlStore) PutRecord(ctx context.Context, r Record) error {
	return s.db.change(ctx, "storing a record", func(x tx) error {
		return x.exec(`INSERT INTO records (`+recordColumns+`) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, id) DO UPDATE
 SET thread_id = excluded.thread_id, value = excluded.value, created_at = excluded.created_at, updated_at = excluded.updated_at`,
			r.Kind, r.ID, r.ThreadID, string(r.Value), nanos(r.CreatedAt), nanos(r.UpdatedAt))
	})
}

func (s sqlStore) Record(ctx context.Context, kind, id string) (Record, error) {
	return first(ctx, s, "records", scanRecord, `SELECT `+recordColumns+` FROM records WHERE kind = $1 AND id = $2`, kind, id)
}

func (s sqlStore) ListRecords(ctx context.Context, kind, threadID string, limit, offset int) ([]Record, error) {
	const tail = ` ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3`
	if threadID == "" {
		return all(ctx, s, "records", scanRecord, `SELECT `+recordColumns+` FROM records WHERE kind = $1`+tail, kind, limit, offset)
	}
	return all(ctx, s, "records", scanRecord, `SELECT `+recordColumns+` FROM records WHERE kind = $1 AND thread_id = $4`+tail,
		kind, limit, offset, threadID)
}

func scanRecord(row scanner) (Record, error) {
	var r Record
	var created, updated int64
	err := row.Scan(&r.Kind, &r.ID, &r.ThreadID, (*[]byte)(&r.Value), &created, &updated)
	r.CreatedAt, r.UpdatedAt = moment(created), moment(updated)
	return r, err
}

func (s sqlStore) DeleteRecord(ctx context.Context, kind, id string) error {
	return s.db.change(ctx, "deleting a record", func(x tx) error {
		return x.exec(`DELETE FROM records WHERE kind = $1 AND id = $2`, kind, id)
	})
}

func (s sqlStore) Claim(ctx context.Context, key, owner string, ttl time.Duration) (Lease, error) {
	l := Lease{Key: key, Owner: owner}
	err := s.db.change(ctx, "claiming "+key, func(x tx) error {
		now := x.dialect().now
		// The row of another owner goes, and the new one has a greater epoch than any before.
		if err := x.exec(`DELETE FROM leases WHERE key = $1 AND owner <> $2 AND expires_at < `+now, key, owner); err != nil {
			return err
		}
		held, err := one(x, []any{&l.Epoch}, `INSERT INTO leases (key, owner, expires_at) VALUES ($1, $2, `+now+` + $3)
ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE leases.owner = excluded.owner RETURNING epoch`, key, owner, ttl.Nanoseconds())
		if err == nil && !held {
			err = ErrLeased
		}
		return err
	})
	if err != nil {
		return Lease{}, err
	}
	return l, nil
}

func (s sqlStore) Renew(ctx context.Context, owner string, ttl time.Duration) error {
	return s.db.change(ctx, "renewing leases", func(x tx) error {
		return x.exec(`UPDATE leases SET expires_at = `+x.dialect().now+` + $2 WHERE owner = $1`, owner, ttl.Nanoseconds())
	})
}

func (s sqlStore) Release(ctx context.Context, l Lease) error {
	return s.db.change(ctx, "releasing "+l.Key, func(x tx) error {
		return x.exec(`DELETE FROM leases WHERE key = $1 AND owner = $2 AND epoch = $3`, l.Key, l.Owner, l.Epoch)
	})
}
