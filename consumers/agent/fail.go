package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/schemas/event"
)

const (
	// maxError bounds the error of an answer in bytes, maxBareError that of a bare one.
	maxError     = 32 << 10
	maxBareError = 1 << 10
	// maxBareThread is the longest thread id that a bare answer repeats.
	maxBareThread = 1 << 10
)

var errNoQuery = errors.New("the query's id is not known")

// fail ends a run with an answer that says why there is none. The first end of a run stands. Its error is the store's.
func (t *trace) fail(ctx context.Context, state graph.State, cause error) (checkpoint.Status, error) {
	commit := checkpoint.Commit{
		ThreadID: t.run.ThreadID, RunID: t.run.ID, Lease: t.lease,
		Status: checkpoint.StatusFailed, EndedAt: t.agent.deps.Now().UTC(), Error: brief(cause, maxError),
	}
	var node *graph.NodeError
	if errors.As(cause, &node) && node.TaskID != "" {
		commit.CheckpointID = node.CheckpointID
		commit.Tasks = []checkpoint.TaskRecord{{TaskID: node.TaskID, Error: brief(node.Err, maxError)}}
	}
	t.lastWords(&commit, state, cause)
	err := t.agent.store.Commit(ctx, commit)
	switch {
	case errors.Is(err, checkpoint.ErrLeaseLost):
		return statusElsewhere, nil
	case errors.Is(err, checkpoint.ErrRunEnded), errors.Is(err, checkpoint.ErrNotFound): // canceled, or deleted with its thread
	case err != nil:
		return "", err
	}
	t.agent.chunks.end(t.run.ID, t.answer)
	return checkpoint.StatusFailed, nil
}

// lastWords says as much about a failure as can be published, and nothing if it must: a run that could not end would
// keep its slot for ever, also after a restart.
func (t *trace) lastWords(c *checkpoint.Commit, state graph.State, cause error) {
	err := errNoQuery
	if t.in.ThreadID == "" {
		t.in.ThreadID = t.in.QueryID // an input that could not be read
	}
	if t.in.QueryID != "" {
		for _, say := range []func() error{
			func() error { return t.failed(c, state, cause) },
			// What the run has gathered may be the very thing that cannot be published.
			func() error { return t.failed(c, graph.State{}, cause) },
			func() error { return t.bare(c, cause) },
		} {
			c.Messages = nil
			if err = say(); err == nil {
				return
			}
		}
	}
	c.Messages = nil
	t.agent.deps.Logger.Error("a run ends without an answer: its failure cannot be published",
		"run", t.run.ID, "query", t.in.QueryID, "cause", c.Error, "error", err)
}

// bare adds an answer of nothing but ids and a short error. Nothing that the asker chose freely is repeated in it.
func (t *trace) bare(c *checkpoint.Commit, cause error) error {
	threadID := t.in.ThreadID
	if len(threadID) > maxBareThread {
		threadID = t.in.QueryID
	}
	t.answer = "No answer: " + reason(cause)
	return t.add(c, event.DeriveID(t.run.ID, group, 0), t.agent.deps.Now(), &event.AnswerGiven{
		QueryId: t.in.QueryID, ThreadId: threadID, TraceId: traceID(t.run.ID), Text: t.answer,
		State: event.AnswerState_ANSWER_STATE_FAILED, Error: brief(cause, maxBareError),
	})
}

// brief is the text of an error that any event can carry.
func brief(err error, most int) string {
	return clipTo(strings.ToValidUTF8(err.Error(), "\uFFFD"), most)
}

// Cancel ends the run of a tenant's query with an answer that says so. A run that has ended stays as it is.
func (a *Agent) Cancel(ctx context.Context, tenant, queryID string) error {
	run, err := a.store.Run(ctx, RunID(tenant, queryID))
	if err == nil {
		err = a.cancel(ctx, run)
	}
	if err != nil {
		return fmt.Errorf("canceling query %s: %w", queryID, err)
	}
	return nil
}

func (a *Agent) cancel(ctx context.Context, run checkpoint.Run) error {
	if run.Status.Ended() {
		return nil
	}
	run, err := a.store.Run(ctx, run.ID) // with its input
	if err != nil {
		return err
	}
	_, in, err := a.request(run)
	if err != nil {
		return err
	}
	t := &trace{agent: a, run: run, in: in}
	if _, err := t.fail(ctx, graph.State{}, ErrCanceled); err != nil {
		return err
	}
	if stop, ok := a.running.Load(run.ID); ok {
		stop.(context.CancelCauseFunc)(ErrCanceled)
	} else {
		a.backend.Stopped(run.ID, nil)
	}
	// Waiting for a person, or about to: give it its turn, so that a worker finds that it has ended.
	a.schedule.resume(run.ID, run.ThreadID)
	return nil
}
