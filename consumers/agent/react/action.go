package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
	"github.com/ragline/ragline/schemas/event"
)

// selectAction turns what the thought wants into the next nodes. Calls that cannot be made are answered here.
func (r *loop) selectAction(_ context.Context, t *graph.Task, _ *stepRecord) (graph.Update, error) {
	c, err := latest(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	wanted := c.pending(t.RunID)
	if len(wanted) == 0 {
		return graph.Update{Goto: []string{NodeFinal}}, nil
	}
	var told answers
	var good []Call
	review := false
	for _, call := range wanted {
		found, wrong, err := r.usable(call)
		if err != nil {
			return graph.Update{}, err
		}
		if wrong != "" {
			told.add(call, message.Failure, tool.Result{Text: wrong})
			continue
		}
		good = append(good, call)
		review = review || found.Sensitive && r.Reviews
	}
	w := told.writes()
	if review {
		return graph.Update{Writes: w.list, Goto: []string{NodeReview}}, w.err
	}
	return r.intend(t.RunID, good, w)
}

// usable finds the tool of a call, or what the model is told when the call cannot be made.
func (r *loop) usable(c Call) (found tool.Tool, wrong string, err error) {
	if c.Invalid != "" {
		return found, c.Invalid, nil
	}
	found, ok := r.find(c.Tool)
	if !ok {
		var names []string
		for _, t := range r.Tools() {
			names = append(names, t.Name)
		}
		return found, fmt.Sprintf("There is no tool %q. The tools are %s.", c.Tool, strings.Join(names, ", ")), nil
	}
	if _, err := check(found, c); errors.Is(err, tool.ErrArguments) {
		wrong, _ = tool.Said(c.Tool, err)
		return found, wrong, nil
	} else if err != nil {
		return found, "", fmt.Errorf("checking %s: %w", c.Tool, err)
	}
	return found, "", nil
}

func (r *loop) find(name string) (tool.Tool, bool) {
	list := r.Tools()
	i := slices.IndexFunc(list, func(t tool.Tool) bool { return t.Name == name })
	if i < 0 {
		return tool.Tool{}, false
	}
	return list[i], true
}

// check says what a call would do.
func check(t tool.Tool, c Call) (string, error) {
	if t.Check == nil {
		return "Run " + c.Tool + " with " + string(c.Arguments), nil
	}
	return t.Check(c.Arguments)
}

// intend goes to the tools, as parallel tasks when there are several. The intents are stored with this super-step, before
// any tool can run, but for those that the calls store themselves.
func (r *loop) intend(runID string, list []Call, w writes) (graph.Update, error) {
	u := graph.Update{Goto: []string{NodeObserve}}
	var ids []string
	for _, c := range list {
		ids = append(ids, c.ID)
		if found, ok := r.find(c.Tool); !ok || !r.begins(found) {
			u.Receipts = append(u.Receipts, c.intent(runID))
		}
	}
	switch len(list) {
	case 0:
	case 1:
		u.Goto = []string{NodeTool}
	default:
		u.Goto = []string{}
		for _, id := range ids {
			input, err := json.Marshal(id)
			if err != nil {
				return graph.Update{}, fmt.Errorf("encoding a call's id: %w", err)
			}
			u.Sends = append(u.Sends, graph.Send{Node: NodeTool, Input: input})
		}
	}
	if len(ids) > 0 {
		w.add(keyCalls.Add(ids...))
	}
	u.Writes = w.list
	return u, w.err
}

// observation is the point at which the model's next round begins. What was observed is in the messages already.
func (r *loop) observation(context.Context, *graph.Task, *stepRecord) (graph.Update, error) {
	return graph.Update{}, nil
}

// answers are tools' messages under construction.
type answers struct {
	messages []message.Message
	ids      []string
}

func (a *answers) add(c Call, status message.Status, r tool.Result) {
	m := message.Message{
		Type: message.Tool, Content: message.Text(r.Text), ID: event.DeriveID(c.Key, "answer", 0), Name: c.Tool,
		ToolCallID: c.ID, Status: status, Artifact: r.Data,
	}
	a.messages, a.ids = append(a.messages, m), append(a.ids, m.ID)
}

// writes adds the answers to the state, behind other messages.
func (a *answers) writes(before ...message.Message) writes {
	var w writes
	if list := slices.Concat(before, a.messages); len(list) > 0 {
		w.add(keyMessages.Add(list...))
	}
	if len(a.ids) > 0 {
		w.add(keyObservations.Add(a.ids...))
	}
	return w
}
