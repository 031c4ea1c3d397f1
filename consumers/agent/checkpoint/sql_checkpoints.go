package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

const checkpointColumns = `c.checkpoint_id, c.run_id, c.parent_id, c.source, c.graph, c.nodes, c.step, c.run_step, c.next, c.writes, c.snapshot, c.created_at`

func (s sqlStore) Load(ctx context.Context, threadID, checkpointID string) ([]Checkpoint, error) {
	// Up from the wanted checkpoint to the nearest snapshot or the root; depth gives the way back down.
	out, err := all(ctx, s, "checkpoints", scanCheckpoint(threadID), `
WITH RECURSIVE line (depth, seq, thread, parent, whole) AS (
  SELECT 0, c.seq, c.thread, c.parent_id, c.snapshot IS NOT NULL
    FROM threads t JOIN checkpoints c ON c.thread = t.thread AND c.checkpoint_id = CASE WHEN $2 = '' THEN t.head ELSE $2 END
   WHERE t.thread_id = $1
  UNION ALL
  SELECT line.depth + 1, c.seq, c.thread, c.parent_id, c.snapshot IS NOT NULL
    FROM line JOIN checkpoints c ON c.thread = line.thread AND c.checkpoint_id = line.parent
   WHERE NOT line.whole
)
SELECT `+checkpointColumns+` FROM line JOIN checkpoints c ON c.thread = line.thread AND c.seq = line.seq ORDER BY line.depth DESC`, threadID, ident(checkpointID))
	if err != nil {
		return nil, err
	}
	if len(out) == 0 && checkpointID == "" {
		return nil, nil
	}
	if len(out) == 0 || out[0].Snapshot == nil && out[0].ParentID != "" {
		return nil, ErrNotFound
	}
	return out, nil
}

func (s sqlStore) History(ctx context.Context, threadID, before string, limit int) ([]Checkpoint, error) {
	var out []Checkpoint
	err := s.db.read(ctx, "history", func(x tx) (err error) {
		// The inner query needs an index only; rows are read for one page.
		out, err = collect(x, scanCheckpoint(threadID), `
SELECT `+checkpointColumns+` FROM checkpoints c WHERE c.thread = (SELECT thread FROM threads WHERE thread_id = $1) AND c.seq IN (
  SELECT h.seq FROM threads t JOIN checkpoints h ON h.thread = t.thread
   WHERE t.thread_id = $1
     AND ($2 = '' OR h.seq < (SELECT b.seq FROM checkpoints b WHERE b.thread = t.thread AND b.checkpoint_id = $2))
   ORDER BY h.seq DESC LIMIT $3
) ORDER BY c.seq DESC`, threadID, ident(before), limit)
		if err != nil || len(out) > 0 || before == "" {
			return err
		}
		var n int
		known, err := one(x, []any{&n}, `SELECT 1 FROM threads t JOIN checkpoints c ON c.thread = t.thread
 WHERE t.thread_id = $1 AND c.checkpoint_id = $2`, threadID, ident(before))
		if err == nil && !known {
			err = ErrNotFound
		}
		return err
	})
	return out, err
}

func scanCheckpoint(threadID string) func(scanner) (Checkpoint, error) {
	return func(row scanner) (Checkpoint, error) {
		c := Checkpoint{ThreadID: threadID}
		var nodes, next, writes, snapshot []byte
		var created int64
		err := row.Scan((*ident)(&c.ID), (*ident)(&c.RunID), (*ident)(&c.ParentID), (*string)(&c.Source), &c.Graph, &nodes,
			&c.Step, &c.RunStep, &next, &writes, &snapshot, &created)
		c.CreatedAt = moment(created)
		return c, errors.Join(err, unpack(nodes, &c.Nodes), unpack(next, &c.Next), unpack(writes, &c.Writes),
			unpack(snapshot, &c.Snapshot))
	}
}

func insertCheckpoint(x tx, thread int64, c Checkpoint) error {
	nodes, err1 := packStrings(c.Nodes)
	next, err2 := packTargets(c.Next)
	writes, err3 := packWrites(c.Writes)
	snapshot, err4 := packSnapshot(c.Snapshot)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("encoding checkpoint %s: %w", c.ID, err)
	}
	err := x.exec(`INSERT INTO checkpoints
 (thread, checkpoint_id, run_id, parent_id, source, graph, nodes, step, run_step, next, writes, snapshot, created_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		thread, ident(c.ID), ident(c.RunID), ident(c.ParentID), string(c.Source), c.Graph, nodes, c.Step, c.RunStep, next, writes,
		snapshot, nanos(c.CreatedAt))
	if err != nil {
		return fmt.Errorf("inserting checkpoint %s: %w", c.ID, err)
	}
	return nil
}

func (s sqlStore) Tasks(ctx context.Context, threadID, checkpointID string) ([]TaskRecord, error) {
	var tasks []TaskRecord
	var interrupts []Interrupt
	err := s.db.read(ctx, "tasks", func(x tx) (err error) {
		tasks, err = collect(x, scanTask, `SELECT k.task_id, k.done, k.writes, k.next, k.error
  FROM threads t JOIN tasks k ON k.thread = t.thread WHERE t.thread_id = $1 AND k.checkpoint_id = $2`, threadID, ident(checkpointID))
		if err != nil {
			return err
		}
		interrupts, err = collect(x, scanInterrupt, `SELECT i.interrupt_id, i.checkpoint_id, i.task_id, i.idx, i.value, i.resume
  FROM threads t JOIN interrupts i ON i.thread = t.thread WHERE t.thread_id = $1 AND i.checkpoint_id = $2`, threadID, ident(checkpointID))
		return err
	})
	return gather(tasks, interrupts), err
}

func scanTask(row scanner) (TaskRecord, error) {
	var t TaskRecord
	var writes, next []byte
	err := row.Scan((*ident)(&t.TaskID), &t.Done, &writes, &next, &t.Error)
	return t, errors.Join(err, unpack(writes, &t.Writes), unpack(next, &t.Next))
}

func scanInterrupt(row scanner) (Interrupt, error) {
	var i Interrupt
	err := row.Scan((*ident)(&i.ID), (*ident)(&i.CheckpointID), (*ident)(&i.TaskID), &i.Index, (*[]byte)(&i.Value), (*[]byte)(&i.Resume))
	return i, err
}

func (s sqlStore) Receipt(ctx context.Context, callID string) (Receipt, error) {
	return first(ctx, s, "receipts", func(row scanner) (Receipt, error) {
		r := Receipt{CallID: callID}
		err := row.Scan((*ident)(&r.RunID), &r.Tool, (*[]byte)(&r.Arguments), (*[]byte)(&r.Result))
		return r, err
	}, `SELECT run_id, tool, arguments, result FROM receipts WHERE call_id = $1`, ident(callID))
}
