package react

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/message"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// humanReview asks a person about each sensitive call, one after the other, and does what the person says.
func (r *loop) humanReview(_ context.Context, t *graph.Task, step *stepRecord) (graph.Update, error) {
	conv, err := converse(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	v := &review{loop: r, edits: map[string]json.RawMessage{}}
	for _, c := range conv.pending(t.RunID) {
		if err := v.call(t, conv, c); err != nil {
			return graph.Update{}, err
		}
	}
	step.Calls, step.Text = v.asked, strings.Join(v.said, "; ")
	u, err := v.outcome(t.RunID, conv)
	u.Notes = v.notes
	return u, err
}

// review collects decisions on the calls of one message.
type review struct {
	*loop
	told     answers
	run      []Call
	edits    map[string]json.RawMessage
	approved []string
	rejected []string // what is said of them
	asked    []string
	said     []string
	notes    []any
}

func (v *review) call(t *graph.Task, conv conversation, c Call) error {
	found, wrong, err := v.usable(c)
	if err != nil {
		return err
	}
	if wrong != "" {
		v.told.add(c, message.Failure, tool.Result{Text: wrong})
		return nil
	}
	if ok, err := v.mayRun(t.State, found, c); ok || err != nil {
		v.run = append(v.run, c)
		return err
	}
	description, err := check(found, c)
	if err != nil {
		return err
	}
	q := question(c, description, Approve, Edit, Reject, Respond)
	q.Question = conv.question()
	d, err := decide(t, q)
	if err != nil {
		return err
	}
	v.asked = append(v.asked, c.ID)
	v.said = append(v.said, string(d.Kind)+suffix(d.Comment))
	v.notes = append(v.notes, Reviewed{Call: c, Decision: d})
	return v.decided(c, d)
}

func (v *review) decided(c Call, d ReviewDecision) error {
	switch d.Kind {
	case Edit:
		if d.Action != "" && d.Action != c.Tool {
			v.told.add(c, message.Failure, tool.Result{Text: "The reviewer's edit names " + d.Action + ", but an edit can only change the arguments of " + c.Tool + "."})
			return nil
		}
		c.Arguments = d.Arguments
		if _, wrong, err := v.usable(c); wrong != "" || err != nil {
			v.told.add(c, message.Failure, tool.Result{Text: "The reviewer's arguments cannot be used: " + wrong})
			return err
		}
		v.edits[c.ID] = c.Arguments
		fallthrough
	case Approve:
		v.approved = append(v.approved, approval(c))
		v.run = append(v.run, c)
	case Respond:
		v.told.add(c, message.Success, tool.Result{Text: d.Comment})
	default:
		no := "A reviewer did not approve " + c.Tool + ", so it was not done" + suffix(d.Comment) + "."
		v.rejected = append(v.rejected, no)
		v.told.add(c, message.Failure, tool.Result{Text: no})
	}
	return nil
}

// outcome runs what may run. One rejection ends the run with an answer that says so, and then nothing runs.
func (v *review) outcome(runID string, conv conversation) (graph.Update, error) {
	if len(v.rejected) > 0 {
		for _, c := range v.run {
			v.told.add(c, message.Failure, tool.Result{Text: notMade})
		}
		w := v.told.writes()
		w.add(keyState.Set(StateRejected))
		w.add(keyAnswer.Set(strings.Join(v.rejected, " ")))
		return graph.Update{Writes: w.list, Goto: []string{NodeFinal}}, w.err
	}
	var before []message.Message
	if len(v.edits) > 0 {
		m, _ := conv.wants()
		calls := append([]message.ToolCall(nil), m.ToolCalls...)
		for i := range calls {
			if args, ok := v.edits[calls[i].ID]; ok {
				calls[i].Args = args
			}
		}
		m.ToolCalls = calls
		before = append(before, m)
	}
	w := v.told.writes(before...)
	if len(v.approved) > 0 {
		w.add(keyApproved.Add(v.approved...))
	}
	return v.intend(runID, v.run, w)
}

func suffix(comment string) string {
	if comment == "" {
		return ""
	}
	return ": " + comment
}
