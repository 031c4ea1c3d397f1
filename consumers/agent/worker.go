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
		case status == statusElsewhere:
			a.schedule.forget(e.threadID)
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
		a.backend.Stopped(run.ID, nil)
		return run.Status, nil
	}
	lease, mine, err := a.crew.claim(ctx, run)
	if err != nil {
		return "", err
	}
	if !mine {
		return statusElsewhere, nil
	}
	status, err := a.attempt(ctx, run, lease, e.recovered || lease != nil)
	if released := a.crew.release(ctx, lease); released != nil {
		a.deps.Logger.Warn("giving a lease back failed: it has to run out", "thread", run.ThreadID, "error", released)
	}
	return status, err
}

// attempt lets the engine go on with a run.
func (a *Agent) attempt(ctx context.Context, run checkpoint.Run, lease *checkpoint.Lease, recovered bool) (checkpoint.Status, error) {
	req, in, err := a.request(run)
	t := &trace{agent: a, run: run, in: in, lease: lease}
	if err != nil {
		return t.fail(ctx, graph.State{}, err)
	}
	running, stop := a.drain(ctx, run.ID)
	defer stop()
	req.Recovered, req.Lease, req.Drain = recovered, lease, ctx.Done()
	req.Hook, req.Observe = t.hook, a.backend.Began(run.ID, run.ThreadID)
	a.chunks.begin(run.ID, in)
	out, err := a.engine.Run(running, req)
	status, err := t.outcome(ctx, running, out, err)
	if err == nil {
		a.backend.Stopped(run.ID, t.failure)
	}
	return status, err
}

// drain returns the context of a run, which Cancel ends at once, and the end of ctx only after a while: until then the
// super-step under way may come to its end.
func (a *Agent) drain(ctx context.Context, runID string) (context.Context, func()) {
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	a.running.Store(runID, cancel)
	unhook := context.AfterFunc(ctx, func() {
		pause(running, a.cfg.Drain)
		cancel(context.Cause(ctx))
	})
	return running, func() {
		unhook()
		a.running.Delete(runID)
		cancel(nil)
	}
}

// outcome says what has become of a run, and ends it if it is to blame.
func (t *trace) outcome(ctx, running context.Context, out graph.Outcome, err error) (checkpoint.Status, error) {
	var node *graph.NodeError
	switch {
	case err == nil:
		if out.Status.Ended() {
			t.agent.chunks.end(t.run.ID, t.answer)
		} else {
			t.agent.chunks.forget(t.run.ID)
		}
		return out.Status, nil
	case errors.Is(err, checkpoint.ErrLeaseLost):
		return statusElsewhere, nil
	case errors.Is(err, checkpoint.ErrRunEnded) || errors.Is(context.Cause(running), ErrCanceled):
		return t.fail(ctx, out.State, ErrCanceled)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &node) || isTheRuns(err):
		t.failure = err
		return t.fail(ctx, out.State, err)
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
