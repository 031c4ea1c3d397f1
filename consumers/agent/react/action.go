package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// selectAction turns the decision into the next node.
func (r *loop) selectAction(_ context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	d, err := keyDecision.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	if d.Call == nil {
		return graph.Update{Goto: []string{NodeFinal}}, nil
	}
	c := *d.Call
	step.Tool, step.Input = c.Tool, string(c.Arguments)
	found, ok := r.tool(c.Tool)
	if !ok {
		return r.observe(Observation{Call: c, Failed: true, Result: tool.Result{
			Text: fmt.Sprintf("There is no tool %q. The tools are %s.", c.Tool, strings.Join(r.toolNames(), ", ")),
		}})
	}
	if _, err := r.check(c); errors.Is(err, tool.ErrArguments) {
		return r.observe(failed(c, err))
	} else if err != nil {
		return graph.Update{}, err
	}
	var w writes
	w.add(keyCalls.Add(c))
	if found.Sensitive && r.Reviews {
		return graph.Update{Writes: w.list, Goto: []string{NodeReview}}, w.err
	}
	u, err := r.intend(t.RunID, c)
	u.Writes = append(u.Writes, w.list...)
	return u, errors.Join(err, w.err)
}

// intend goes to the tool. The intent is stored with this super-step, before the tool can run.
func (r *loop) intend(runID string, c Call) (graph.Update, error) {
	var w writes
	w.add(keyDecision.Set(Decision{Call: &c}))
	return graph.Update{
		Writes:   w.list,
		Receipts: []checkpoint.Receipt{{CallID: c.ID, RunID: runID, Tool: c.Tool, Arguments: c.Arguments}},
		Goto:     []string{NodeTool},
	}, w.err
}

// observe skips the tool: its result is known already.
func (r *loop) observe(o Observation) (graph.Update, error) {
	var w writes
	w.add(keyObservations.Add(o))
	return graph.Update{Writes: w.list, Goto: []string{NodeObserve}}, w.err
}

func failed(c Call, err error) Observation {
	return Observation{Call: c, Failed: true, Result: tool.Result{Text: c.Tool + " was not run: " + err.Error()}}
}

// execute calls the tool and stores the receipt and the effects with its result.
func (r *loop) execute(ctx context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	c, run, err := r.pending(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	step.Tool, step.Input = c.Tool, string(c.Arguments)
	found, ok := r.tool(c.Tool)
	if !ok {
		return graph.Update{}, fmt.Errorf("tool %s is gone", c.Tool)
	}
	// An intent without a receipt after a crash: the call may have been made. Who may not repeat it asks.
	if (t.Recovered || t.Resumed()) && !found.Idempotent {
		if u, done, err := r.uncertain(ctx, t, c); done || err != nil {
			return u, err
		}
	}
	note := ToolCall{Call: c, Tool: found.Tool, Started: r.Now()}
	note.Result, err = found.Call(ctx, tool.Invocation{
		CallID: c.ID, ThreadID: run.ThreadID, QueryID: run.QueryID, TraceID: run.TraceID, Arguments: c.Arguments,
	})
	note.Ended = r.Now()
	o := Observation{Call: c, Result: note.Result}
	switch {
	case errors.Is(err, tool.ErrArguments):
		o, note.Error = failed(c, err), err.Error()
	case err != nil:
		return graph.Update{}, fmt.Errorf("calling %s: %w", c.Tool, err)
	}
	return r.executed(t.RunID, o, note, found.Idempotent)
}

func (r *loop) executed(runID string, o Observation, note ToolCall, idempotent bool) (graph.Update, error) {
	// Only a call that must not be repeated needs its result in the receipt; the state has it in any case.
	raw := json.RawMessage("true")
	if !idempotent {
		var err error
		if raw, err = json.Marshal(o.Result); err != nil {
			return graph.Update{}, fmt.Errorf("encoding a receipt: %w", err)
		}
	}
	notes := []any{note}
	for i, m := range note.Result.Effects {
		notes = append(notes, Effect{CallID: o.Call.ID, Ordinal: i, Message: m})
	}
	var w writes
	w.add(keyObservations.Add(o))
	return graph.Update{
		Writes: w.list, Notes: notes,
		Receipts: []checkpoint.Receipt{{CallID: o.Call.ID, RunID: runID, Tool: o.Call.Tool, Arguments: o.Call.Arguments, Result: raw}},
	}, w.err
}

// uncertain asks a person about a call that may have been made. Approve means: make it (again).
func (r *loop) uncertain(ctx context.Context, t *graph.Task, c Call) (u graph.Update, done bool, err error) {
	known, err := r.Receipt(ctx, c.ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return graph.Update{}, false, nil
	}
	if err != nil {
		return graph.Update{}, false, fmt.Errorf("looking for the receipt of %s: %w", c.Tool, err)
	}
	if known.Result != nil {
		var result tool.Result
		if err := json.Unmarshal(known.Result, &result); err != nil {
			return graph.Update{}, false, fmt.Errorf("reading the receipt of %s: %w", c.Tool, err)
		}
		u, err = r.observe(Observation{Call: c, Result: result})
		return u, true, err
	}
	raw, err := t.Interrupt(ReviewQuestion{
		Call: c, Recovery: true, Description: "The process ended while " + c.Tool + " was running, and it may have been done. Approve to run it again.",
	})
	if err != nil {
		return graph.Update{}, false, err
	}
	var d ReviewDecision
	if err := json.Unmarshal(raw, &d); err != nil {
		return graph.Update{}, false, fmt.Errorf("reading the decision: %w", err)
	}
	if d.Kind == Approve {
		return graph.Update{}, false, nil
	}
	u, err = r.observe(Observation{Call: c, Result: tool.Result{Text: "It is not known whether " + c.Tool + " was done" + suffix(d.Comment) + "."}})
	return u, true, err
}

// observation is the point at which the model's next round begins. The observation itself is in the state already:
// writing it here again would store every passage twice.
func (r *loop) observation(_ context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	list, err := keyObservations.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	if len(list) == 0 {
		return graph.Update{}, errors.New("there is no observation")
	}
	step.Tool = list[len(list)-1].Call.Tool
	return graph.Update{}, nil
}

// pending returns the call that was decided on.
func (r *loop) pending(s graph.State) (Call, Run, error) {
	d, err := keyDecision.Get(s)
	if err != nil {
		return Call{}, Run{}, err
	}
	run, err := keyRun.Get(s)
	if err != nil {
		return Call{}, Run{}, err
	}
	if d.Call == nil {
		return Call{}, Run{}, errors.New("no call was decided on")
	}
	return *d.Call, run, nil
}

// check says what a call would do.
func (r *loop) check(c Call) (string, error) {
	t, ok := r.tool(c.Tool)
	if !ok || t.Check == nil {
		return "Run " + c.Tool + " with " + string(c.Arguments), nil
	}
	return t.Check(c.Arguments)
}

func (r *loop) tool(name string) (tool.Tool, bool) {
	i := slices.IndexFunc(r.Tools, func(t tool.Tool) bool { return t.Name == name })
	if i < 0 {
		return tool.Tool{}, false
	}
	return r.Tools[i], true
}

func (r *loop) toolNames() []string {
	var out []string
	for _, t := range r.Tools {
		out = append(out, t.Name)
	}
	return out
}
