package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

func (s *SQLite) Commit(ctx context.Context, c Commit) error {
	return s.do(ctx, "storing a commit", func(tx *sql.Tx) error {
		var status Status
		err := tx.QueryRow(`SELECT status FROM runs WHERE run_id = ?`, c.RunID).Scan(&status)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return fmt.Errorf("reading run %s: %w", c.RunID, err)
		case status.Ended():
			return ErrRunEnded
		}
		for _, part := range []func(*sql.Tx, Commit) error{storeCheckpoint, storeTasks, storeReceipts, storeMessages, storeStatus} {
			if err := part(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func storeCheckpoint(tx *sql.Tx, c Commit) error {
	if c.Checkpoint == nil {
		return nil
	}
	if err := insertCheckpoint(tx, c.Checkpoint); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM tasks WHERE checkpoint_id = ?`, c.Checkpoint.ParentID)
	return err
}

func storeTasks(tx *sql.Tx, c Commit) error {
	for _, t := range c.Done {
		writes, err := json.Marshal(t.Writes)
		if err != nil {
			return err
		}
		next, err := json.Marshal(t.Next)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO tasks (checkpoint_id, task_id, writes, next) VALUES (?,?,?,?)`,
			c.CheckpointID, t.TaskID, string(writes), string(next)); err != nil {
			return fmt.Errorf("inserting task %s: %w", t.TaskID, err)
		}
	}
	for _, in := range c.Interrupts {
		if _, err := tx.Exec(`INSERT INTO interrupts (interrupt_id, run_id, checkpoint_id, task_id, idx, value) VALUES (?,?,?,?,?,?)
ON CONFLICT DO NOTHING`, in.ID, c.RunID, in.CheckpointID, in.TaskID, in.Index, string(in.Value)); err != nil {
			return fmt.Errorf("inserting interrupt %s: %w", in.ID, err)
		}
	}
	return nil
}

func storeReceipts(tx *sql.Tx, c Commit) error {
	for _, r := range c.Receipts {
		var result any
		if r.Result != nil {
			result = string(r.Result)
		}
		if _, err := tx.Exec(`INSERT INTO receipts (call_id, run_id, tool, arguments, result) VALUES (?,?,?,?,?)
ON CONFLICT (call_id) DO UPDATE SET arguments = excluded.arguments, result = excluded.result WHERE receipts.result IS NULL`,
			r.CallID, r.RunID, r.Tool, string(r.Arguments), result); err != nil {
			return fmt.Errorf("inserting receipt %s: %w", r.CallID, err)
		}
	}
	return nil
}

func storeMessages(tx *sql.Tx, c Commit) error {
	for _, m := range c.Messages {
		headers, err := json.Marshal(m.Headers)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO outbox (id, topic, key, value, headers) VALUES (?,?,?,?,?)`,
			m.ID, m.Topic, m.Key, m.Value, string(headers)); err != nil {
			return fmt.Errorf("inserting message %s: %w", m.ID, err)
		}
	}
	return nil
}

func storeStatus(tx *sql.Tx, c Commit) error {
	if c.Status == "" {
		return nil
	}
	if _, err := tx.Exec(`UPDATE runs SET status = ?, error = ? WHERE run_id = ?`, string(c.Status), c.Error, c.RunID); err != nil {
		return err
	}
	if !c.Status.Ended() {
		return nil
	}
	var ended any // NULL: not said
	if !c.EndedAt.IsZero() {
		ended = c.EndedAt.UnixNano()
	}
	_, err := tx.Exec(`UPDATE runs SET ended_at = coalesce(?, created_at) WHERE run_id = ?`, ended, c.RunID)
	return err
}
