package checkpoint

import (
	"context"
	"fmt"
	"time"
)

func (s sqlStore) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var pruned int
	err := s.db.change(ctx, "forgetting runs", func(x tx) error {
		// It locks many threads, everybody else one: two of it could wait for each other.
		if err := x.lock(`SELECT pg_advisory_xact_lock(hashtextextended('ragline prune ' || current_schema(), 0))`); err != nil {
			return err
		}
		due, err := dueRuns(x, before, limit)
		if err != nil {
			return fmt.Errorf("looking for old runs: %w", err)
		}
		pruned = len(due)
		threads := map[int64]bool{}
		for _, d := range due {
			if err := dropRun(x, d); err != nil {
				return fmt.Errorf("forgetting run %s: %w", d.run, err)
			}
			threads[d.thread] = true
		}
		for thread := range threads {
			if err := shorten(x, thread, before.UnixNano()); err != nil {
				return fmt.Errorf("forgetting checkpoints: %w", err)
			}
		}
		return x.exec(`DELETE FROM leases WHERE expires_at < $1`, before.UnixNano())
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

type dueRun struct {
	run      string
	thread   int64
	threadID string
}

// dueRuns returns runs that ended long ago, and locks their threads.
func dueRuns(x tx, before time.Time, limit int) ([]dueRun, error) {
	due, err := collect(x, func(row scanner) (dueRun, error) {
		var d dueRun
		err := row.Scan((*ident)(&d.run), &d.thread, &d.threadID)
		return d, err
	}, `SELECT r.run_id, t.thread, t.thread_id FROM runs r JOIN threads t ON t.thread = r.thread
 WHERE r.status IN ('done', 'failed') AND r.ended_at < $1 ORDER BY r.ended_at, r.seq LIMIT $2`, before.UnixNano(), limit)
	if err != nil {
		return nil, err
	}
	for _, d := range due {
		if err := lockThread(x, d.threadID); err != nil {
			return nil, err
		}
	}
	return due, nil
}

func dropRun(x tx, d dueRun) error {
	for _, table := range []string{"receipts", "interrupts", "runs"} {
		if err := x.exec(`DELETE FROM `+table+` WHERE run_id = $1`, ident(d.run)); err != nil {
			return err
		}
	}
	return nil
}

// shorten removes a thread that has no run left and was not edited since, or what it needs no more.
func shorten(x tx, thread, before int64) error {
	var n int
	goesOn, err := one(x, []any{&n}, `SELECT 1 WHERE EXISTS (SELECT 1 FROM runs WHERE thread = $1)
 OR EXISTS (SELECT 1 FROM checkpoints WHERE thread = $1 AND created_at >= $2)`, thread, before)
	if err != nil {
		return err
	}
	if !goesOn {
		return drop(x, thread)
	}
	if _, err := forget(x, thread, before); err != nil {
		return err
	}
	return setStatus(x, thread)
}

// forget removes the checkpoints that are older than a moment and that neither the newest nor a younger one is loaded from.
func forget(x tx, thread, before int64) (int, error) {
	gone, err := collect(x, func(row scanner) (id ident, err error) {
		err = row.Scan(&id)
		return id, err
	}, `WITH RECURSIVE keep (seq, parent, whole) AS (
  SELECT c.seq, c.parent_id, c.snapshot IS NOT NULL FROM threads t JOIN checkpoints c ON c.thread = t.thread
   WHERE t.thread = $1 AND (c.created_at >= $2 OR c.checkpoint_id = t.head)
  UNION
  SELECT c.seq, c.parent_id, c.snapshot IS NOT NULL FROM keep JOIN checkpoints c ON c.thread = $1 AND c.checkpoint_id = keep.parent
   WHERE NOT keep.whole
)
DELETE FROM checkpoints WHERE thread = $1 AND seq NOT IN (SELECT seq FROM keep) RETURNING checkpoint_id`, thread, before)
	if err != nil {
		return 0, err
	}
	for _, id := range gone {
		if err := x.exec(`DELETE FROM tasks WHERE thread = $1 AND checkpoint_id = $2`, thread, id); err != nil {
			return 0, err
		}
		if err := x.exec(`DELETE FROM interrupts WHERE thread = $1 AND checkpoint_id = $2 AND resume IS NOT NULL`, thread, id); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}
