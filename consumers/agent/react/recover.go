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

// takeUp finds out what became of a call that a crash has cut off. Settled means that the call is not to be made now:
// its result is known, or a person has said no.
func (r *loop) takeUp(ctx context.Context, t *graph.Task, c Call, found tool.Tool, in tool.Invocation) (u graph.Update, settled bool, err error) {
	if found.Idempotent && found.Reconcile == nil {
		return u, false, nil
	}
	known, err := r.Receipt(ctx, c.Key)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return u, false, nil // without an intent nothing was called
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
	return r.uncertain(t, c)
}

// uncertain asks a person about a call that may have been made. Approve means: make it (again).
func (r *loop) uncertain(t *graph.Task, c Call) (u graph.Update, settled bool, err error) {
	q := question(c, "The process ended while "+c.Tool+" was running, and it may have been done. Approve to run it again.", Approve, Reject)
	q.Recovery = true
	conv, err := converse(t.State)
	if err != nil {
		return u, false, err
	}
	q.Question = conv.question()
	d, err := decide(t, q)
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
