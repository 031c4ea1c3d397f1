package backend

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// kindRun is the kind of the records of runs.
const kindRun = "run"

// Canceled is what the error of a run that was canceled begins with.
const Canceled = "canceled"

// record is a run of the API.
type record struct {
	Run api.Run `json:"run"`
	// Target is the run of the store that does its work.
	Target string `json:"target"`
	// Preparing is set until the target is known to have been accepted, or to have been given its answer.
	Preparing bool `json:"preparing,omitempty"`
	// Settled is the status of a run that needed no work, or whose target has gone on with a later run.
	Settled api.RunStatus `json:"settled,omitempty"`
}

// deleted is the Settled of a run that is not shown. Without its record it would be made up from its target.
const deleted api.RunStatus = "deleted"

// preparation is how long a record may be on its way to its target. Older ones are those of a process that crashed.
const preparation = time.Minute

func (b *Backend) save(ctx context.Context, r record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding run %s: %w", r.Run.ID, err)
	}
	return b.Store.PutRecord(ctx, checkpoint.Record{
		Kind: kindRun, ID: r.Run.ID, ThreadID: b.key(r.Run.ThreadID), Value: raw, CreatedAt: r.Run.CreatedAt, UpdatedAt: b.Now().UTC(),
	})
}

// find returns the record of a run. A run that came another way has one made up.
func (b *Backend) find(ctx context.Context, id string) (record, error) {
	stored, err := b.Store.Record(ctx, kindRun, id)
	if err == nil {
		r, err := decode(stored)
		if err == nil && r.Settled == deleted {
			err = api.ErrNotFound
		}
		return r, err
	}
	if !errors.Is(err, checkpoint.ErrNotFound) {
		return record{}, err
	}
	run, err := b.Store.Run(ctx, id)
	if err != nil {
		return record{}, translate(err)
	}
	if !strings.HasPrefix(run.ThreadID, b.Tenant) {
		return record{}, api.ErrNotFound
	}
	return b.madeUp(run), nil
}

func decode(stored checkpoint.Record) (record, error) {
	var r record
	if err := json.Unmarshal(stored.Value, &r); err != nil {
		return r, fmt.Errorf("reading run %s: %w", stored.ID, err)
	}
	r.Run.UpdatedAt = stored.UpdatedAt
	return r, nil
}

func (b *Backend) madeUp(run checkpoint.Run) record {
	return record{Target: run.ID, Run: api.Run{
		ID: run.ID, ThreadID: strings.TrimPrefix(run.ThreadID, b.Tenant), AssistantID: b.GraphID, GraphID: b.GraphID,
		CreatedAt: run.CreatedAt, UpdatedAt: run.CreatedAt, Multitask: api.Enqueue,
	}}
}

// Run returns one run.
func (b *Backend) Run(ctx context.Context, id string) (api.Run, error) {
	r, err := b.find(ctx, id)
	if err != nil {
		return api.Run{}, err
	}
	return b.current(ctx, r)
}

// current completes a run with what its target has come to.
func (b *Backend) current(ctx context.Context, r record) (api.Run, error) {
	out := r.Run
	if r.Settled != "" {
		out.Status = r.Settled
		return out, nil
	}
	run, err := b.Store.Run(ctx, r.Target)
	unknown := errors.Is(err, checkpoint.ErrNotFound)
	if err != nil && !unknown {
		return out, err
	}
	switch {
	case r.Preparing && b.Now().Sub(out.CreatedAt) < preparation && (unknown || run.Status == checkpoint.StatusInterrupted):
		out.Status = api.RunPending
		return out, nil
	case unknown && r.Preparing:
		out.Status, out.Error = api.RunError, failure("the run was not accepted before the server stopped: start it again")
		return out, nil
	case unknown:
		out.Status = api.RunSuccess // forgotten since
		return out, nil
	}
	out.Status, out.Error = b.status(run)
	if !run.EndedAt.IsZero() {
		out.UpdatedAt = run.EndedAt
	}
	return out, nil
}

func (b *Backend) status(run checkpoint.Run) (api.RunStatus, *api.RunFailure) {
	switch run.Status {
	case checkpoint.StatusFailed:
		if strings.HasPrefix(run.Error, Canceled) {
			return api.RunInterrupted, nil
		}
		return api.RunError, failure(run.Error)
	case checkpoint.StatusQueued:
		if b.hub.running(run.ID) {
			return api.RunRunning, nil
		}
		return api.RunPending, nil
	default: // done, or waiting for an answer, which LangGraph calls a success
		return api.RunSuccess, nil
	}
}

// failure names an error as LangGraph's clients know it.
func failure(message string) *api.RunFailure {
	kind := "Error"
	for part, name := range map[string]string{
		"recursion limit reached": "GraphRecursionError", "written twice in one super-step": "InvalidUpdateError",
		"node timed out": "NodeTimeoutError", "another version": "GraphVersionError", "state cannot be built": "InvalidUpdateError",
	} {
		if strings.Contains(message, part) {
			kind = name
		}
	}
	return &api.RunFailure{Error: kind, Message: message}
}

// Runs returns a page of a thread's runs, newest first.
func (b *Backend) Runs(ctx context.Context, q api.RunQuery) ([]api.Run, error) {
	key := b.key(q.ThreadID)
	if _, err := b.Store.Thread(ctx, key); err != nil {
		return nil, translate(err)
	}
	all, err := b.records(ctx, key)
	if err != nil {
		return nil, err
	}
	found := []api.Run{}
	for _, r := range all {
		run, err := b.current(ctx, r)
		if err != nil {
			return nil, err
		}
		if (q.Status == "" || run.Status == q.Status) && api.Contains(run.Metadata, q.Metadata) {
			found = append(found, run)
		}
	}
	from := min(q.Offset, len(found))
	return found[from:min(from+q.Limit, len(found))], nil
}

// mostRuns bounds how many runs of a thread are listed.
const mostRuns = 1000

func (b *Backend) records(ctx context.Context, key string) ([]record, error) {
	stored, err := b.Store.ListRecords(ctx, kindRun, key, mostRuns, 0)
	if err != nil {
		return nil, err
	}
	var all []record
	targets := map[string]bool{}
	for _, s := range stored {
		r, err := decode(s)
		if err != nil {
			return nil, err
		}
		targets[r.Target] = true
		if r.Settled != deleted {
			all = append(all, r)
		}
	}
	runs, err := b.Store.ThreadRuns(ctx, key, mostRuns, 0)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if !targets[run.ID] {
			all = append(all, b.madeUp(run))
		}
	}
	slices.SortStableFunc(all, func(x, y record) int { return cmp.Compare(y.Run.CreatedAt.UnixNano(), x.Run.CreatedAt.UnixNano()) })
	return all, nil
}

// DeleteRun forgets a run that has ended.
func (b *Backend) DeleteRun(ctx context.Context, id string) error {
	run, err := b.Run(ctx, id)
	if err != nil {
		return err
	}
	if run.Status == api.RunPending || run.Status == api.RunRunning {
		return fmt.Errorf("run %s: %w", id, api.ErrBusy)
	}
	leave, err := b.gate.enter(ctx, b.key(run.ThreadID))
	if err != nil {
		return err
	}
	defer leave()
	r, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	return b.bury(ctx, r)
}

// bury leaves of a run's record only what keeps it from being made up.
func (b *Backend) bury(ctx context.Context, r record) error {
	return b.save(ctx, record{
		Run: api.Run{ID: r.Run.ID, ThreadID: r.Run.ThreadID, CreatedAt: r.Run.CreatedAt}, Target: r.Target, Settled: deleted,
	})
}

// Cancel ends a run that has not ended. With rollback its thread goes back to where it was before the run.
func (b *Backend) Cancel(ctx context.Context, runID string, rollback bool) error {
	r, err := b.find(ctx, runID)
	if err != nil {
		return err
	}
	run, err := b.Store.Run(ctx, r.Target)
	if err != nil {
		return translate(err)
	}
	if run.Status.Ended() || r.Settled != "" {
		return fmt.Errorf("run %s has ended: %w", runID, api.ErrNotFound)
	}
	if err := b.Agent.Cancel(ctx, run); err != nil {
		return err
	}
	if !rollback {
		return nil
	}
	leave, err := b.gate.enter(ctx, run.ThreadID)
	if err != nil {
		return err
	}
	defer leave()
	return b.undo(ctx, run)
}

// undo takes the thread back to where it was before a run, and forgets the run.
func (b *Backend) undo(ctx context.Context, run checkpoint.Run) error {
	if err := b.rollback(ctx, run); err != nil {
		return err
	}
	all, err := b.Store.ListRecords(ctx, kindRun, run.ThreadID, mostRuns, 0)
	if err != nil {
		return err
	}
	for _, stored := range all {
		r, err := decode(stored)
		if err == nil && r.Target == run.ID {
			err = b.bury(ctx, r)
		}
		if err != nil {
			return err
		}
	}
	return b.bury(ctx, b.madeUp(run))
}

// rollback makes a copy of what the thread was before the run its newest checkpoint.
func (b *Backend) rollback(ctx context.Context, run checkpoint.Run) error {
	before, ours := "", false
	list, err := b.Store.History(ctx, run.ThreadID, "", maxRollback)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.RunID != run.ID {
			break
		}
		before, ours = p.ParentID, true
	}
	switch {
	case !ours:
		return nil
	case before == "":
		return b.Engine.Clear(ctx, run.ThreadID)
	}
	return b.Engine.Restore(ctx, run.ThreadID, before)
}

// maxRollback is how many super-steps of a run can be rolled back.
const maxRollback = 10_000

// touch moves a thread's end of life.
func (b *Backend) touch(ctx context.Context, key string) error {
	stored, err := b.Store.Thread(ctx, key)
	if err != nil {
		return translate(err)
	}
	if stored.ExpiresAt.IsZero() {
		return nil
	}
	t, err := b.thread(stored)
	if err != nil {
		return err
	}
	return b.put(ctx, t)
}

func (b *Backend) stamp() time.Time { return b.Now().UTC() }
