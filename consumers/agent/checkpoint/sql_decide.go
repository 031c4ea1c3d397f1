package checkpoint

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

func (s sqlStore) Decide(ctx context.Context, d Decision) (Decided, error) {
	var out Decided
	err := s.db.change(ctx, "deciding", func(x tx) error {
		if err := consume(x, d.At); err != nil {
			return err
		}
		run, thread, err := waiting(x, d)
		if err != nil || run == nil {
			return err
		}
		taken, err := answer(x, thread, *run, d.Answers)
		if err != nil || len(taken) == 0 && !d.Continue {
			return err
		}
		out.Taken = len(taken)
		var n int
		open, err := one(x, []any{&n}, `SELECT 1 FROM interrupts WHERE run_id = $1 AND resume IS NULL LIMIT 1`, ident(run.ID))
		if err != nil {
			return err
		}
		if !open || d.Continue {
			if err := x.exec(`UPDATE runs SET status = 'queued' WHERE run_id = $1`, ident(run.ID)); err != nil {
				return err
			}
			run.Status, out.Queued = StatusQueued, run
		}
		if err := setStatus(x, thread); err != nil {
			return err
		}
		if err := touch(x, thread, nil); err != nil {
			return err
		}
		var messages []Message
		for _, id := range taken {
			messages = append(messages, d.Messages[id]...)
		}
		return storeMessages(x, messages)
	})
	if err != nil {
		return Decided{}, err
	}
	return out, nil
}

// waiting finds the run of a decision and locks its thread. It returns nil when it does not wait.
func waiting(x tx, d Decision) (*Run, int64, error) {
	id, threadID, err := addressed(x, d)
	if err != nil || id == "" {
		return nil, 0, err
	}
	if err := lockThread(x, threadID); err != nil {
		return nil, 0, err
	}
	var run *Run
	var thread int64
	err = x.query(func(row scanner) error {
		var in []byte
		r, err := scanRunAnd(row, &in, &thread)
		r.Input, run = in, &r
		return err
	}, `SELECT `+runColumns+`, r.input, t.thread FROM runs r JOIN threads t ON t.thread = r.thread
 WHERE r.run_id = $1 AND r.status = 'interrupted'`, ident(id))
	return run, thread, err
}

// ofPrefix selects threads by what their ids begin with.
const ofPrefix = `substr(t.thread_id, 1, length($2)) = $2`

// addressed returns the run that a decision is for, and its thread.
func addressed(x tx, d Decision) (runID, threadID string, err error) {
	into := []any{(*ident)(&runID), &threadID}
	if d.RunID != "" {
		_, err = one(x, into, `SELECT r.run_id, t.thread_id FROM runs r JOIN threads t ON t.thread = r.thread
 WHERE r.run_id = $1 AND `+ofPrefix, ident(d.RunID), d.ThreadPrefix)
		return runID, threadID, err
	}
	for _, id := range slices.Sorted(maps.Keys(d.Answers)) {
		found, err := one(x, into, `SELECT r.run_id, t.thread_id FROM interrupts i JOIN runs r ON r.run_id = i.run_id JOIN threads t ON t.thread = r.thread
 WHERE i.interrupt_id = $1 AND i.resume IS NULL AND r.status = 'interrupted' AND `+ofPrefix+` LIMIT 1`, ident(id), d.ThreadPrefix)
		if err != nil || found {
			return runID, threadID, err
		}
	}
	return "", "", nil
}

// answer stores the answers to the run's open questions. It returns the ids of those.
func answer(x tx, thread int64, run Run, answers map[string]json.RawMessage) ([]string, error) {
	var taken []string
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		var n int
		open, err := one(x, []any{&n}, `UPDATE interrupts SET resume = $1
 WHERE interrupt_id = $2 AND thread = $3 AND run_id = $4 AND resume IS NULL RETURNING 1`, string(answers[id]), ident(id), thread, ident(run.ID))
		if err != nil {
			return nil, err
		}
		if open {
			taken = append(taken, id)
		}
	}
	return taken, nil
}
