package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/producers/broker"
)

// ErrCanceled is the error of a run that was canceled.
var ErrCanceled = errors.New("canceled")

// work runs what the schedule hands out until ctx ends.
func (a *Agent) work(ctx context.Context) {
	for {
		e, ok := a.schedule.next(ctx)
		if !ok {
			return
		}
		switch status := a.execute(ctx, e); {
		case status == checkpoint.StatusInterrupted:
			a.schedule.park(e.threadID)
		case status.Ended():
			a.metrics.runs.WithLabelValues(string(status)).Inc()
			a.schedule.finish(e.runID, e.threadID)
		default:
			return // ctx has ended; the store knows where the run is
		}
	}
}

// execute runs until the run is done, failed or interrupted. A store that fails is tried again: the run is not to blame.
func (a *Agent) execute(ctx context.Context, e entry) checkpoint.Status {
	wait := broker.Backoff()
	for {
		status, err := a.try(ctx, e)
		if err == nil || ctx.Err() != nil {
			return status
		}
		a.deps.Logger.Warn("storing a run failed, trying again", "run", e.runID, "error", err)
		e.recovered = true
		pause(ctx, wait.NextBackOff())
	}
}

// try makes one attempt. Its error is the store's; what went wrong in the run has become the run's answer.
func (a *Agent) try(ctx context.Context, e entry) (checkpoint.Status, error) {
	run, err := a.store.Run(ctx, e.runID)
	if err != nil {
		return "", err
	}
	if run.Status.Ended() {
		return run.Status, nil
	}
	req, in, err := a.request(run)
	if err != nil {
		return a.fail(ctx, run, &accepted{QueryID: run.ID, ThreadID: run.ThreadID, At: run.CreatedAt}, graph.State{}, err)
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.running.Store(run.ID, cancel)
	defer a.running.Delete(run.ID)
	req.Recovered = e.recovered
	t := &trace{agent: a, run: run, in: in}
	req.Hook = t.hook
	a.chunks.begin(run.ID, in)
	out, err := a.engine.Run(running, req)
	var node *graph.NodeError
	switch {
	case err == nil:
		if out.Status.Ended() {
			a.chunks.end(run.ID, t.answer)
		} else {
			a.chunks.forget(run.ID)
		}
		return out.Status, nil
	case errors.Is(err, checkpoint.ErrRunEnded) || errors.Is(context.Cause(running), ErrCanceled):
		return a.fail(ctx, run, in, out.State, ErrCanceled)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &node) || errors.Is(err, graph.ErrRecursion):
		return a.fail(ctx, run, in, out.State, err)
	default:
		return "", err
	}
}

// fail ends a run with an answer that says why there is none. The first end of a run stands.
func (a *Agent) fail(ctx context.Context, run checkpoint.Run, in *accepted, state graph.State, cause error) (checkpoint.Status, error) {
	t := &trace{agent: a, run: run, in: in}
	commit := checkpoint.Commit{ThreadID: run.ThreadID, RunID: run.ID, Status: checkpoint.StatusFailed, Error: cause.Error()}
	if err := t.failed(&commit, state, cause); err != nil {
		// What the run has gathered may be the very thing that cannot be published: say less.
		commit.Messages = nil
		if err := t.failed(&commit, graph.State{}, cause); err != nil {
			return "", fmt.Errorf("preparing the end of run %s: %w", run.ID, err)
		}
	}
	if err := a.store.Commit(ctx, commit); err != nil && !errors.Is(err, checkpoint.ErrRunEnded) {
		return "", err
	}
	a.chunks.end(run.ID, t.answer)
	return checkpoint.StatusFailed, nil
}

// Cancel ends the run of a query with an answer that says so. A run that has ended stays as it is.
func (a *Agent) Cancel(ctx context.Context, queryID string) error {
	run, err := a.store.Run(ctx, RunID(queryID))
	if err != nil {
		return fmt.Errorf("canceling query %s: %w", queryID, err)
	}
	if run.Status.Ended() {
		return nil
	}
	_, in, err := a.request(run)
	if err != nil {
		return fmt.Errorf("canceling query %s: %w", queryID, err)
	}
	if _, err := a.fail(ctx, run, in, graph.State{}, ErrCanceled); err != nil {
		return fmt.Errorf("canceling query %s: %w", queryID, err)
	}
	if cancel, ok := a.running.Load(run.ID); ok {
		cancel.(context.CancelCauseFunc)(ErrCanceled)
		return nil
	}
	// Waiting for a person: give it its turn, so that a worker finds that it has ended.
	a.schedule.resume(run.ID, run.ThreadID)
	return nil
}
