package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	acceptColumns = `run_id, thread_id, status, input, error, created_at`
	runColumns    = `seq, ` + acceptColumns
)

func (s *SQLite) Accept(ctx context.Context, run Run, input *Checkpoint, at Position) (bool, error) {
	var accepted bool
	err := s.do(ctx, "accepting run "+run.ID, func(tx *sql.Tx) error {
		if err := consume(tx, at); err != nil {
			return err
		}
		idle, err := idleAt(tx, run.ThreadID, input)
		if err != nil {
			return err
		}
		res, err := tx.Exec(`INSERT INTO runs (`+acceptColumns+`) VALUES (?,?,?,?,'',?) ON CONFLICT DO NOTHING`,
			run.ID, run.ThreadID, string(StatusQueued), run.Input, run.CreatedAt.UnixNano())
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		accepted = true
		if idle {
			return insertCheckpoint(tx, input)
		}
		return nil
	})
	return accepted && err == nil, err
}

// idleAt says whether a thread has no unfinished run and still ends where the input begins.
func idleAt(tx *sql.Tx, threadID string, input *Checkpoint) (bool, error) {
	if input == nil {
		return false, nil
	}
	var idle bool
	err := tx.QueryRow(`SELECT NOT EXISTS (SELECT 1 FROM runs WHERE thread_id = ?1 AND status IN ('queued', 'interrupted'))
  AND ?2 = coalesce((SELECT checkpoint_id FROM checkpoints WHERE thread_id = ?1 ORDER BY seq DESC LIMIT 1), '')`,
		threadID, input.ParentID).Scan(&idle)
	return idle, err
}

func consume(tx *sql.Tx, at Position) error {
	if at.Topic == "" {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO consumed (topic, partition, offset) VALUES (?,?,?)
ON CONFLICT DO UPDATE SET offset = excluded.offset`, at.Topic, at.Partition, at.Offset)
	if err != nil {
		return fmt.Errorf("storing consumed offset: %w", err)
	}
	return nil
}

func (s *SQLite) Decide(ctx context.Context, interruptID string, value json.RawMessage, at Position) (*Run, error) {
	var ready *Run
	err := s.do(ctx, "deciding interrupt "+interruptID, func(tx *sql.Tx) error {
		if err := consume(tx, at); err != nil {
			return err
		}
		var runID string
		err := tx.QueryRow(`UPDATE interrupts SET resume = ? WHERE interrupt_id = ? AND resume IS NULL
  AND run_id IN (SELECT run_id FROM runs WHERE status = 'interrupted') RETURNING run_id`, string(value), interruptID).Scan(&runID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		run, err := scanRun(tx.QueryRow(`UPDATE runs SET status = 'queued' WHERE run_id = ?1
  AND NOT EXISTS (SELECT 1 FROM interrupts WHERE run_id = ?1 AND resume IS NULL) RETURNING `+runColumns, runID))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		ready = &run
		return err
	})
	if err != nil {
		return nil, err
	}
	return ready, nil
}

func (s *SQLite) Run(ctx context.Context, id string) (Run, error) {
	run, err := scanRun(s.db.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs WHERE run_id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, ErrNotFound
	}
	if err != nil {
		return Run{}, s.reading(err, "runs")
	}
	return run, nil
}

func (s *SQLite) Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error) {
	// The second condition is what lets the partial index be used.
	return query(ctx, s, "runs", func(rows *sql.Rows) (Run, error) { return scanRun(rows) },
		`SELECT seq, run_id, thread_id, status, NULL, error, created_at FROM runs
 WHERE status = ? AND status IN ('queued', 'interrupted') AND seq > ? ORDER BY seq LIMIT ?`, string(status), after, limit)
}

func scanRun(row interface{ Scan(...any) error }) (Run, error) {
	var r Run
	var created int64
	err := row.Scan(&r.Seq, &r.ID, &r.ThreadID, &r.Status, &r.Input, &r.Error, &created)
	r.CreatedAt = time.Unix(0, created).UTC()
	return r, err
}
