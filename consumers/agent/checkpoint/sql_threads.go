package checkpoint

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

const threadColumns = `t.thread_id, t.metadata, t.status, t.created_at, t.updated_at, t.expires_at`

func (s sqlStore) PutThread(ctx context.Context, t Thread) (bool, error) {
	t, err := t.complete(time.Now())
	if err != nil {
		return false, err
	}
	var fresh bool
	err = s.db.change(ctx, "storing thread "+t.ID, func(x tx) (err error) {
		var n int
		fresh, err = one(x, []any{&n}, `INSERT INTO threads (thread_id, metadata, created_at, updated_at, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (thread_id) DO NOTHING RETURNING 1`, t.ID, string(t.Metadata), nanos(t.CreatedAt), nanos(t.UpdatedAt), nanos(t.ExpiresAt))
		if err != nil || fresh {
			return err
		}
		return x.exec(`UPDATE threads SET metadata = $2, updated_at = $3, expires_at = $4 WHERE thread_id = $1`,
			t.ID, string(t.Metadata), nanos(t.UpdatedAt), nanos(t.ExpiresAt))
	})
	return fresh && err == nil, err
}

func (s sqlStore) Thread(ctx context.Context, id string) (Thread, error) {
	return first(ctx, s, "threads", scanThread, `SELECT `+threadColumns+` FROM threads t WHERE t.thread_id = $1`, id)
}

func scanThread(row scanner) (Thread, error) {
	var t Thread
	var created, updated, expires int64
	err := row.Scan(&t.ID, (*[]byte)(&t.Metadata), (*string)(&t.Status), &created, &updated, &expires)
	t.CreatedAt, t.UpdatedAt, t.ExpiresAt = moment(created), moment(updated), moment(expires)
	return t, err
}

func (s sqlStore) SearchThreads(ctx context.Context, q ThreadQuery) ([]Thread, int, error) {
	if err := q.validate(); err != nil {
		return nil, 0, err
	}
	var out []Thread
	var total int
	err := s.db.read(ctx, "threads", func(x tx) (err error) {
		where, args := q.where(x.dialect())
		if _, err = one(x, []any{&total}, `SELECT count(*) FROM threads t WHERE `+where, args...); err != nil {
			return err
		}
		limit := q.Limit
		if limit == 0 {
			limit = math.MaxInt32
		}
		n := len(args)
		out, err = collect(x, scanThread, fmt.Sprintf(`SELECT %s FROM threads t WHERE %s ORDER BY %s LIMIT $%d OFFSET $%d`,
			threadColumns, where, q.order(), n+1, n+2), append(args, limit, q.Offset)...)
		return err
	})
	return out, total, err
}

// where returns the condition of a query that is valid, and its arguments.
func (q ThreadQuery) where(d dialect) (string, []any) {
	conditions, args := []string{"true"}, []any(nil)
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, strings.ReplaceAll(condition, "$", fmt.Sprintf("$%d", len(args))))
	}
	if q.Prefix != "" {
		add("t.thread_id >= $", q.Prefix)
		add("t.thread_id < $", q.Prefix+"\U0010FFFF") // the greatest character
	}
	if q.IDs != nil {
		raw, _ := json.Marshal(q.IDs) //nolint:errchkjson // strings
		add("t.thread_id IN ("+d.list+")", string(raw))
	}
	if q.Status != "" {
		add("t.status = $", string(q.Status))
	}
	if q.Metadata != nil {
		add(d.contains, string(q.Metadata))
	}
	return strings.Join(conditions, " AND "), args
}

// order makes the order of equals certain, so that no page repeats or leaves out what another has.
func (q ThreadQuery) order() string {
	direction := " DESC"
	if q.Ascending {
		direction = ""
	}
	return "t." + cmp.Or(q.SortBy, "updated_at") + direction + ", t.thread_id" + direction
}

func (s sqlStore) DeleteThread(ctx context.Context, id string) error {
	return s.db.change(ctx, "deleting thread "+id, func(x tx) error {
		thread, err := locked(x, id)
		if err != nil {
			return err
		}
		var n int
		open, err := one(x, []any{&n}, `SELECT 1 FROM runs WHERE thread = $1 AND status IN ('queued', 'interrupted') LIMIT 1`, thread)
		if err == nil && open {
			err = ErrBusy
		}
		if err != nil {
			return err
		}
		return drop(x, thread)
	})
}

// locked locks a thread and returns its key.
func locked(x tx, id string) (int64, error) {
	if err := lockThread(x, id); err != nil {
		return 0, err
	}
	var thread int64
	found, err := one(x, []any{&thread}, `SELECT thread FROM threads WHERE thread_id = $1`, id)
	if err == nil && !found {
		err = ErrNotFound
	}
	return thread, err
}

// drop removes a thread with all that belongs to it.
func drop(x tx, thread int64) error {
	for _, text := range []string{
		`DELETE FROM records WHERE thread_id = (SELECT thread_id FROM threads WHERE thread = $1)`,
		`DELETE FROM receipts WHERE run_id IN (SELECT run_id FROM runs WHERE thread = $1)`,
		`DELETE FROM interrupts WHERE thread = $1`,
		`DELETE FROM tasks WHERE thread = $1`,
		`DELETE FROM checkpoints WHERE thread = $1`,
		`DELETE FROM runs WHERE thread = $1`,
		`DELETE FROM threads WHERE thread = $1`,
	} {
		if err := x.exec(text, thread); err != nil {
			return err
		}
	}
	return nil
}

func (s sqlStore) TrimThread(ctx context.Context, id string) (int, error) {
	var removed int
	err := s.db.change(ctx, "trimming thread "+id, func(x tx) error {
		thread, err := locked(x, id)
		if err != nil {
			return err
		}
		removed, err = forget(x, thread, math.MaxInt64)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

func (s sqlStore) Expired(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return all(ctx, s, "threads", func(row scanner) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT thread_id FROM threads WHERE expires_at > 0 AND expires_at <= $1 AND status IN ('idle', 'error')
 ORDER BY expires_at, thread_id LIMIT $2`, now.UnixNano(), limit)
}
