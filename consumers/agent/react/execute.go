package react

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// ToolProgress is the event that a node emits while a tool runs.
type ToolProgress struct {
	Type   string `json:"type"`
	Tool   string `json:"tool"`
	CallID string `json:"tool_call_id"`
	tool.Progress
}

// execute makes one call and stores its receipt and its effects with its result.
func (r *loop) execute(ctx context.Context, t *graph.Task, step *stepRecord) (graph.Update, error) {
	conv, err := latest(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	var id string
	if t.Input != nil {
		if err := json.Unmarshal(t.Input, &id); err != nil {
			return graph.Update{}, fmt.Errorf("reading the task's input: %w", err)
		}
	}
	c, err := conv.call(t.RunID, id)
	if err != nil {
		return graph.Update{}, err
	}
	// Nobody gets past the review, whoever sent the run here. All calls of the message go back together: one that ran
	// meanwhile would lead on to the next thought.
	if ok, err := r.allMayRun(t.State, conv.pending(t.RunID)); !ok || err != nil {
		return graph.Update{Goto: []string{NodeReview}}, err
	}
	step.Calls = []string{c.ID}
	u, err := r.make(ctx, t, c)
	if err == nil && t.Input == nil && u.Goto == nil && len(conv.pending(t.RunID)) > 1 {
		u.Goto = []string{NodeTool} // a client has sent the run here
	}
	return u, err
}

func (r *loop) make(ctx context.Context, t *graph.Task, c Call) (graph.Update, error) {
	found, wrong, err := r.usable(c)
	if err != nil {
		return graph.Update{}, err
	}
	if wrong != "" {
		return r.told(c, message.Failure, wrong)
	}
	run, err := keyRun.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	in := tool.Invocation{CallID: c.Key, ThreadID: run.ThreadID, QueryID: run.QueryID, TraceID: run.TraceID, Arguments: c.Arguments}
	in.Progress = func(p tool.Progress) { t.Emit(ToolProgress{"tool_progress", c.Tool, c.ID, p}) }
	// An intent without a receipt after a crash: the call may have been made.
	if t.Recovered || t.Resumed() {
		if u, settled, err := r.takeUp(ctx, t, c, found, in); settled || err != nil {
			return u, err
		}
	}
	if err := r.begin(ctx, t, c, found); err != nil {
		return graph.Update{}, err
	}
	note := ToolCall{Call: c, Tool: found.Tool, Started: r.Now()}
	note.Result, err = r.Limits.Run(ctx, found, in)
	note.Ended = r.Now()
	if err != nil {
		text, ok := tool.Said(c.Tool, err)
		if !ok {
			return graph.Update{}, fmt.Errorf("calling %s: %w", c.Tool, err)
		}
		if tool.Uncertain(err) && !found.Idempotent {
			if u, settled, err := r.clear(ctx, t, c, found, in, text+"."); settled || err != nil {
				return u, err
			}
		}
		note.Error, note.Failure = err.Error(), failureOf(err)
		note.Result = tool.Result{Text: text}
	}
	return r.executed(t.RunID, note, found.Idempotent)
}

func (r *loop) told(c Call, status message.Status, text string) (graph.Update, error) {
	var a answers
	a.add(c, status, tool.Result{Text: text})
	w := a.writes()
	return graph.Update{Writes: w.list}, w.err
}

// outcome is what a receipt remembers.
type outcome struct {
	tool.Result
	Failed bool `json:"failed,omitempty"`
}

func (r *loop) executed(runID string, note ToolCall, idempotent bool) (graph.Update, error) {
	c, status := note.Call, message.Success
	if note.Error != "" {
		status = message.Failure
	}
	// Only a call that must not be repeated needs its result in the receipt; the state has it in any case.
	raw := json.RawMessage("true")
	if !idempotent {
		var err error
		if raw, err = json.Marshal(outcome{note.Result, note.Error != ""}); err != nil {
			return graph.Update{}, fmt.Errorf("encoding a receipt: %w", err)
		}
	}
	notes := []any{note}
	for i, m := range note.Result.Effects {
		notes = append(notes, Effect{CallID: c.Key, Ordinal: i, Message: m})
	}
	var a answers
	a.add(c, status, note.Result)
	w := a.writes()
	return graph.Update{
		Writes: w.list, Notes: notes,
		Receipts: []checkpoint.Receipt{{CallID: c.Key, RunID: runID, Tool: c.Tool, Arguments: c.Arguments, Result: raw}},
	}, w.err
}
