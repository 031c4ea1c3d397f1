package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// ReviewQuestion is the value of the interrupt that waits for a person.
type ReviewQuestion struct {
	Call        Call   `json:"call"`
	Question    string `json:"question"`
	Description string `json:"description"`
	// Recovery means that the tool may have run already: the process ended between the call and its receipt.
	Recovery bool `json:"recovery,omitempty"`
}

// Kind of a review decision.
type Kind string

// The kinds, as in the review event.
const (
	Approve Kind = "approve"
	Reject  Kind = "reject"
	Edit    Kind = "edit"
	Respond Kind = "respond"
)

// ReviewDecision is the answer to the interrupt.
type ReviewDecision struct {
	Kind Kind `json:"kind"`
	// Arguments replace those of the call, for Edit.
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Comment   string          `json:"comment,omitempty"`
	Reviewer  string          `json:"reviewer,omitempty"`
}

// humanReview waits for a person and does what the person says.
func (r *loop) humanReview(_ context.Context, t *graph.Task, step *Step) (graph.Update, error) {
	c, _, err := r.pending(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	question, err := keyQuestion.Get(t.State)
	if err != nil {
		return graph.Update{}, err
	}
	description, err := r.check(c)
	if err != nil {
		return graph.Update{}, err
	}
	raw, err := t.Interrupt(ReviewQuestion{Call: c, Question: question, Description: description})
	if err != nil {
		return graph.Update{}, err
	}
	var d ReviewDecision
	if err := json.Unmarshal(raw, &d); err != nil {
		return graph.Update{}, fmt.Errorf("reading the decision: %w", err)
	}
	step.Tool, step.Input, step.Observation = c.Tool, string(c.Arguments), string(d.Kind)+suffix(d.Comment)
	u, err := r.decided(t.RunID, c, d)
	u.Notes = append(u.Notes, Reviewed{Call: c, Decision: d})
	return u, err
}

func (r *loop) decided(runID string, c Call, d ReviewDecision) (graph.Update, error) {
	switch d.Kind {
	case Approve:
		return r.intend(runID, c)
	case Edit:
		c.Arguments = d.Arguments
		if _, err := r.check(c); errors.Is(err, tool.ErrArguments) {
			return r.observe(Observation{Call: c, Failed: true, Result: tool.Result{Text: "The reviewer's arguments cannot be used: " + err.Error()}})
		} else if err != nil {
			return graph.Update{}, err
		}
		return r.intend(runID, c)
	case Respond:
		return r.observe(Observation{Call: c, Result: tool.Result{Text: d.Comment}})
	default:
		var w writes
		w.add(keyState.Set(StateRejected))
		w.add(keyDecision.Set(Decision{Text: "A reviewer did not approve " + c.Tool + ", so it was not done" + suffix(d.Comment) + "."}))
		return graph.Update{Writes: w.list, Goto: []string{NodeFinal}}, w.err
	}
}

func suffix(comment string) string {
	if comment == "" {
		return ""
	}
	return ": " + comment
}

// ParseDecision reads an answer to a ReviewQuestion.
func ParseDecision(raw json.RawMessage) (ReviewDecision, error) {
	var d ReviewDecision
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("reading the decision: %w", err)
	}
	switch d.Kind {
	case Approve, Reject, Edit, Respond:
		return d, nil
	}
	return d, fmt.Errorf("decision %q is not known: it is approve, reject, edit or respond", d.Kind)
}
