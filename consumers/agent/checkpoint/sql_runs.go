package checkpoint

import (
	"context"
	"fmt"
	"time"
)

const runColumns = `r.seq, r.run_id, t.thread_id, r.status, r.error, r.created_at, r.ended_at`

func (s sqlStore) Accept(ctx context.Context, a Acceptance) (bool, error) {
	var accepted bool
	err := s.db.change(ctx, "accepting run "+a.Run.ID, func(x tx) error {
		if err := consume(x, a.At); err != nil {
			return err
		}
		at, err := enter(x, a)
		if err != nil || at == nil {
			return err
		}
		accepted = true
		if err := x.exec(`INSERT INTO runs (run_id, thread, status, input, created_at) VALUES ($1, $2, 'queued', $3, $4)`,
			ident(a.Run.ID), at.thread, input(a.Run), nanos(a.Run.CreatedAt)); err != nil {
			return err
		}
		if !at.waits {
			if err := x.exec(`UPDATE threads SET status = 'busy' WHERE thread = $1`, at.thread); err != nil {
				return err
			}
		}
		if !at.waits && at.head == a.Head && len(a.Input) > 0 {
			if err := storeCheckpoints(x, *at, a.Input); err != nil {
				return err
			}
		}
		return storeMessages(x, a.Messages)
	})
	return accepted && err == nil, err
}

// enter creates or locks the thread of a run. A run that is known changes nothing and has no place.
func enter(x tx, a Acceptance) (*place, error) {
	now := time.Now().UnixNano()
	created := nanos(a.Run.CreatedAt)
	if created == 0 {
		created = now
	}
	if err := x.exec(`INSERT INTO threads (thread_id, created_at, updated_at)
SELECT $1, CAST($2 AS BIGINT), CAST($3 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM runs WHERE run_id = $4)
ON CONFLICT (thread_id) DO UPDATE SET updated_at = excluded.updated_at`, a.Run.ThreadID, created, now, ident(a.Run.ID)); err != nil {
		return nil, err
	}
	var at place
	var known bool
	found, err := one(x, append(at.columns(), &known, &at.waits), `SELECT `+placeColumns+`,
 EXISTS (SELECT 1 FROM runs WHERE run_id = $2),
 EXISTS (SELECT 1 FROM runs r WHERE r.thread = t.thread AND r.status IN ('queued', 'interrupted'))
 FROM threads t WHERE t.thread_id = $1`, a.Run.ThreadID, ident(a.Run.ID))
	if err != nil || known || !found {
		return nil, err
	}
	return &at, nil
}

// input is never NULL.
func input(r Run) []byte {
	if r.Input == nil {
		return []byte{}
	}
	return r.Input
}

func consume(x tx, at Position) error {
	if at.Topic == "" {
		return nil
	}
	err := x.exec(`INSERT INTO consumed (topic, partition, "offset") VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO UPDATE SET "offset" = excluded."offset"`, at.Topic, at.Partition, at.Offset)
	if err != nil {
		return fmt.Errorf("storing consumed offset: %w", err)
	}
	return nil
}

func (s sqlStore) Run(ctx context.Context, id string) (Run, error) {
	return first(ctx, s, "runs", scanInput, `SELECT `+runColumns+`, r.input FROM runs r JOIN threads t ON t.thread = r.thread
 WHERE r.run_id = $1`, ident(id))
}

func (s sqlStore) ThreadRuns(ctx context.Context, threadID string, limit, offset int) ([]Run, error) {
	return all(ctx, s, "runs", scanRun, `SELECT `+runColumns+` FROM threads t JOIN runs r ON r.thread = t.thread
 WHERE t.thread_id = $1 ORDER BY r.seq DESC LIMIT $2 OFFSET $3`, threadID, limit, offset)
}

func (s sqlStore) Turn(ctx context.Context, threadID string) (Run, error) {
	return first(ctx, s, "runs", scanInput, `SELECT `+runColumns+`, r.input FROM threads t JOIN runs r ON r.thread = t.thread
 WHERE t.thread_id = $1 AND r.status IN ('queued', 'interrupted') ORDER BY r.seq LIMIT 1`, threadID)
}

func (s sqlStore) Unfinished(ctx context.Context, status Status, after int64, limit int) ([]Run, error) {
	// The second condition is what lets the partial index be used.
	return all(ctx, s, "runs", scanRun, `SELECT `+runColumns+` FROM runs r JOIN threads t ON t.thread = r.thread
 WHERE r.status = $1 AND r.status IN ('queued', 'interrupted') AND r.seq > $2 ORDER BY r.seq LIMIT $3`, string(status), after, limit)
}

func scanRun(row scanner) (Run, error) { return scanRunAnd(row) }

func scanInput(row scanner) (Run, error) {
	var in []byte
	r, err := scanRunAnd(row, &in)
	r.Input = in
	return r, err
}

func scanRunAnd(row scanner, more ...any) (Run, error) {
	var r Run
	var created, ended int64
	err := row.Scan(append([]any{&r.Seq, (*ident)(&r.ID), &r.ThreadID, (*string)(&r.Status), &r.Error, &created, &ended}, more...)...)
	r.CreatedAt, r.EndedAt = moment(created), moment(ended)
	return r, err
}
