package checkpoint

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"
)

func (s *SQLite) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var pruned int
	err := s.do(ctx, "forgetting runs", func(tx *sql.Tx) error {
		due, err := dueRuns(tx, before, limit)
		if err != nil {
			return fmt.Errorf("looking for old runs: %w", err)
		}
		for _, run := range due {
			if err := pruneRun(tx, run, before); err != nil {
				return fmt.Errorf("forgetting run %s: %w", run.ID, err)
			}
		}
		pruned = len(due)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

// dueRuns returns ids and threads.
func dueRuns(tx *sql.Tx, before time.Time, limit int) ([]Run, error) {
	rows, err := tx.Query(`SELECT run_id, thread_id FROM runs WHERE status IN ('done', 'failed') AND ended_at < ? ORDER BY ended_at LIMIT ?`,
		before.UnixNano(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Run
	for rows.Next() {
		var r Run
		if err := rows.Scan(&r.ID, &r.ThreadID); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func pruneRun(tx *sql.Tx, run Run, before time.Time) error {
	for _, table := range []string{"receipts", "interrupts", "runs"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE run_id = ?`, run.ID); err != nil {
			return err
		}
	}
	var others bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM runs WHERE thread_id = ?)`, run.ThreadID).Scan(&others); err != nil {
		return err
	}
	below, until := int64(math.MaxInt64), int64(math.MaxInt64)
	if others {
		until = before.UnixNano()
		if err := tx.QueryRow(`SELECT coalesce(max(seq), 0) FROM checkpoints WHERE thread_id = ? AND snapshot IS NOT NULL`,
			run.ThreadID).Scan(&below); err != nil {
			return err
		}
	}
	const old = `thread_id = ? AND seq < ? AND created_at < ?`
	if _, err := tx.Exec(`DELETE FROM tasks WHERE checkpoint_id IN (SELECT checkpoint_id FROM checkpoints WHERE `+old+`)`,
		run.ThreadID, below, until); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM checkpoints WHERE `+old, run.ThreadID, below, until)
	return err
}
