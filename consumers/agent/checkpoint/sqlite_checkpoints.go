package checkpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const checkpointColumns = `checkpoint_id, thread_id, run_id, parent_id, source, step, run_step, next, writes, snapshot, created_at`

func (s *SQLite) Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error) {
	// Up from the wanted checkpoint to the nearest snapshot or the root; depth gives the way back down.
	rows, err := s.db.QueryContext(ctx, `
WITH RECURSIVE line(depth, id, parent, whole) AS (
  SELECT 0, checkpoint_id, parent_id, snapshot IS NOT NULL FROM checkpoints
   WHERE seq = (SELECT max(seq) FROM checkpoints WHERE thread_id = ?1 AND (?2 = '' OR checkpoint_id = ?2))
  UNION ALL
  SELECT depth + 1, checkpoint_id, parent_id, snapshot IS NOT NULL FROM checkpoints JOIN line ON checkpoint_id = line.parent
   WHERE NOT line.whole
)
SELECT `+checkpointColumns+` FROM line JOIN checkpoints ON checkpoint_id = line.id ORDER BY depth DESC`, threadID, checkpointID)
	if err != nil {
		return nil, s.reading(err, "checkpoints")
	}
	defer rows.Close()
	var out []Checkpoint
	for rows.Next() {
		c, err := scanCheckpoint(rows)
		if err != nil {
			return nil, s.reading(err, "checkpoints")
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, s.reading(err, "checkpoints")
	}
	if len(out) == 0 && checkpointID != "" {
		return nil, ErrNotFound
	}
	return out, nil
}

func scanCheckpoint(rows *sql.Rows) (Checkpoint, error) {
	var c Checkpoint
	var next, writes string
	var snapshot sql.NullString
	var created int64
	err := rows.Scan(&c.ID, &c.ThreadID, &c.RunID, &c.ParentID, &c.Source, &c.Step, &c.RunStep, &next, &writes, &snapshot, &created)
	if err != nil {
		return c, err
	}
	c.CreatedAt = time.Unix(0, created).UTC()
	err = errors.Join(json.Unmarshal([]byte(next), &c.Next), json.Unmarshal([]byte(writes), &c.Writes))
	if snapshot.Valid {
		err = errors.Join(err, json.Unmarshal([]byte(snapshot.String), &c.Snapshot))
	}
	return c, err
}

func (s *SQLite) Tasks(ctx context.Context, _, checkpointID string) ([]TaskRecord, error) {
	done, err := query(ctx, s, "tasks", func(rows *sql.Rows) (TaskRecord, error) {
		t := TaskRecord{Done: true}
		var writes, next string
		if err := rows.Scan(&t.TaskID, &writes, &next); err != nil {
			return t, err
		}
		return t, errors.Join(json.Unmarshal([]byte(writes), &t.Writes), json.Unmarshal([]byte(next), &t.Next))
	}, `SELECT task_id, writes, next FROM tasks WHERE checkpoint_id = ?`, checkpointID)
	if err != nil {
		return nil, err
	}
	answers, err := query(ctx, s, "interrupts", func(rows *sql.Rows) (answeredInterrupt, error) {
		var a answeredInterrupt
		var resume string
		err := rows.Scan(&a.taskID, &a.index, &resume)
		a.resume = json.RawMessage(resume)
		return a, err
	}, `SELECT task_id, idx, resume FROM interrupts WHERE checkpoint_id = ? AND resume IS NOT NULL ORDER BY idx`, checkpointID)
	if err != nil {
		return nil, err
	}
	return gather(done, answers), nil
}

func query[T any](ctx context.Context, s *SQLite, what string, scan func(*sql.Rows) (T, error), text string, args ...any) ([]T, error) {
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.reading(err, what)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, s.reading(err, what)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, s.reading(err, what)
	}
	return out, nil
}

func (s *SQLite) Receipt(ctx context.Context, callID string) (Receipt, error) {
	found, err := query(ctx, s, "receipts", func(rows *sql.Rows) (Receipt, error) {
		r := Receipt{CallID: callID}
		var args string
		var result sql.NullString
		err := rows.Scan(&r.RunID, &r.Tool, &args, &result)
		r.Arguments = json.RawMessage(args)
		if result.Valid {
			r.Result = json.RawMessage(result.String)
		}
		return r, err
	}, `SELECT run_id, tool, arguments, result FROM receipts WHERE call_id = ?`, callID)
	if err != nil {
		return Receipt{}, err
	}
	if len(found) == 0 {
		return Receipt{}, ErrNotFound
	}
	return found[0], nil
}

func insertCheckpoint(tx *sql.Tx, c *Checkpoint) error {
	next, err := json.Marshal(c.Next)
	if err != nil {
		return err
	}
	writes, err := json.Marshal(c.Writes)
	if err != nil {
		return err
	}
	var snapshot any
	if c.Snapshot != nil {
		b, err := json.Marshal(c.Snapshot)
		if err != nil {
			return err
		}
		snapshot = string(b)
	}
	_, err = tx.Exec(`INSERT INTO checkpoints (`+checkpointColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
		c.ID, c.ThreadID, c.RunID, c.ParentID, string(c.Source), c.Step, c.RunStep, string(next), string(writes), snapshot, c.CreatedAt.UnixNano())
	if err != nil {
		return fmt.Errorf("inserting checkpoint %s: %w", c.ID, err)
	}
	return nil
}
