package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// begins says whether the intent of a call is stored right before the call, and not with the super-step before it: where
// only a person can say what became of a call that was cut off, one that was not begun must not be asked about.
func (r *loop) begins(t tool.Tool) bool {
	return r.Commit != nil && !t.Idempotent && t.Reconcile == nil
}

// begin stores such an intent.
func (r *loop) begin(ctx context.Context, t *graph.Task, c Call, found tool.Tool) error {
	if !r.begins(found) {
		return nil
	}
	if err := r.Commit(ctx, checkpoint.Commit{
		ThreadID: t.ThreadID, RunID: t.RunID, Receipts: []checkpoint.Receipt{c.intent(t.RunID)},
	}); err != nil {
		return fmt.Errorf("storing the intent of %s: %w", c.Tool, err)
	}
	return nil
}

// intent is the receipt of a call that is about to be made.
func (c Call) intent(runID string) checkpoint.Receipt {
	return checkpoint.Receipt{CallID: c.Key, RunID: runID, Tool: c.Tool, Arguments: c.Arguments}
}

// takeUp finds out what became of a call that a crash has cut off. Settled means that the call is not to be made now:
// its result is known, or a person has said no.
func (r *loop) takeUp(ctx context.Context, t *graph.Task, c Call, found tool.Tool, in tool.Invocation) (u graph.Update, settled bool, err error) {
	if found.Idempotent && found.Reconcile == nil {
		return u, false, nil
	}
	known, err := r.Receipt(ctx, c.Key)
	if errors.Is(err, checkpoint.ErrNotFound) {
		// Without an intent nothing was called. A question shows that something was.
		if err = nil; found.Reconcile == nil && !t.Resumed() {
			return u, false, nil
		}
	}
	if err != nil {
		return u, false, fmt.Errorf("looking for the receipt of %s: %w", c.Tool, err)
	}
	if known.Result != nil && !found.Idempotent {
		var o outcome
		if err := json.Unmarshal(known.Result, &o); err != nil {
			return u, false, fmt.Errorf("reading the receipt of %s: %w", c.Tool, err)
		}
		status := message.Success
		if o.Failed {
			status = message.Failure
		}
		u, err = r.toldResult(c, status, o.Result)
		return u, true, err
	}
	return r.clear(ctx, t, c, found, in, "The call of "+c.Tool+" was cut off.")
}

// clear finds out whether a call was made of which it is not known: by asking the tool, or else a person.
func (r *loop) clear(ctx context.Context, t *graph.Task, c Call, found tool.Tool, in tool.Invocation, why string) (u graph.Update, settled bool, err error) {
	if found.Reconcile != nil {
		note := ToolCall{Call: c, Tool: found.Tool, Started: r.Now()}
		result, done, err := r.Limits.Reconcile(ctx, found, in)
		switch {
		case ctx.Err() != nil:
			return u, false, ctx.Err()
		case err == nil && done:
			note.Result, note.Ended = result, r.Now()
			u, err = r.executed(t.RunID, note, found.Idempotent)
			return u, true, err
		case err == nil || found.Idempotent:
			return u, false, nil
		}
	}
	return r.uncertain(t, c, why)
}

// uncertain asks a person about a call that may have been made. Approve means: make it (again). Of several answers the last
// counts: a call that was made again, and was cut off again, is asked about again.
func (r *loop) uncertain(t *graph.Task, c Call, why string) (u graph.Update, settled bool, err error) {
	q := question(c, why+" It may have been done. Approve to run it again.", Approve, Reject)
	q.Recovery = true
	conv, err := converse(t.State)
	if err != nil {
		return u, false, err
	}
	q.Question = conv.question()
	d, err := decide(t, q)
	for err == nil && t.Resumed() {
		d, err = decide(t, q)
	}
	if err != nil || d.Kind == Approve {
		return u, false, err
	}
	u, err = r.told(c, message.Failure, "It is not known whether "+c.Tool+" was done"+suffix(d.Comment)+".")
	return u, true, err
}

func (r *loop) toldResult(c Call, status message.Status, result tool.Result) (graph.Update, error) {
	var a answers
	a.add(c, status, result)
	w := a.writes()
	return graph.Update{Writes: w.list}, w.err
}
