package agent

import (
	"context"
	"errors"

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
	if errors.Is(err, checkpoint.ErrNotFound) {
		return checkpoint.StatusDone, nil // it had ended when it was queued (see fill), and is forgotten by now
	}
	if err != nil {
		return "", err
	}
	if run.Status.Ended() {
		return run.Status, nil
	}
	req, in, err := a.request(run)
	if err != nil {
		return a.fail(ctx, run, in, graph.State{}, err)
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.running.Store(run.ID, cancel)
	defer a.running.Delete(run.ID)
	req.Recovered = e.recovered
	t := &trace{agent: a, run: run, in: in}
	req.Hook, req.Observe = t.hook, a.backend.Began(run.ID, run.ThreadID)
	a.chunks.begin(run.ID, in)
	out, err := a.engine.Run(running, req)
	status, err := a.outcome(ctx, running, t, out, err)
	if err == nil {
		a.backend.Stopped(run.ID, t.failure)
	}
	return status, err
}

// outcome says what has become of a run, and ends it if it is to blame.
func (a *Agent) outcome(ctx, running context.Context, t *trace, out graph.Outcome, err error) (checkpoint.Status, error) {
	run, in := t.run, t.in
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
	case errors.As(err, &node) || isTheRuns(err):
		t.failure = err
		return a.fail(ctx, run, in, out.State, err)
	default:
		return "", err
	}
}

// isTheRuns says whether an error is the run's own and no failure of the store: trying again would give the same.
func isTheRuns(err error) bool {
	for _, own := range []error{graph.ErrRecursion, graph.ErrState, graph.ErrVersion, graph.ErrInput, checkpoint.ErrNotFound} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}
