package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/schemas/event"
)

// maxRecord bounds key, value and headers of a message: what publishers take, with room for the frame. Encode bounds the value.
const maxRecord = event.MaxValueBytes + 32<<10

// trace turns what a run does into messages of its commits.
type trace struct {
	agent *Agent
	run   checkpoint.Run
	in    *accepted
	// lease fences the run's commits on a shared store.
	lease *checkpoint.Lease
	// model is the name of the run's model, where there are several, and selfTrained what it says of itself.
	model       string
	selfTrained bool
	// answer is the text of the final answer, once there is one.
	answer string
	// failure is why the run failed, unless it was canceled.
	failure error
}

// hook adds the spans and effects of a super-step, the requests for review, and at the end the answer.
func (t *trace) hook(_ context.Context, s *graph.Super) error {
	now := t.agent.deps.Now()
	var err error
	if t.model, t.selfTrained, err = react.ModelOf(s.State); err != nil {
		return fmt.Errorf("reading the run's model: %w", err)
	}
	for _, task := range s.Tasks {
		if task.Asked {
			continue // the review was asked for before
		}
		if task.Interrupt != nil {
			if err := t.review(s.Commit, *task.Interrupt, now); err != nil {
				return err
			}
			continue
		}
		if err := t.step(s.Commit, s.RunStep, task); err != nil {
			return err
		}
	}
	if s.Commit.Status != checkpoint.StatusDone {
		return nil
	}
	r, err := react.ReadResult(s.State)
	if err != nil {
		return fmt.Errorf("reading the result: %w", err)
	}
	if r.State == react.StateFailed {
		s.Commit.Status, s.Commit.Error = checkpoint.StatusFailed, r.Error
	}
	return t.finish(s.Commit, r, now)
}

// step adds the spans of a node, and the events that its tool call has caused.
func (t *trace) step(c *checkpoint.Commit, step int, task graph.TaskResult) error {
	cause := t.run.ID + "/" + strconv.Itoa(step) + "/" + task.Path
	for n, s := range t.stepSpans(step, task) {
		if err := t.add(c, event.DeriveID(cause, group, n), task.Ended, s); err != nil {
			return err
		}
	}
	for _, note := range task.Notes {
		if e, ok := note.(react.Effect); ok {
			if err := t.add(c, event.DeriveID(e.CallID, group, e.Ordinal), task.Ended, e.Message); err != nil {
				return err
			}
		}
	}
	return nil
}

// review asks for a person. The review's id is the interrupt's.
func (t *trace) review(c *checkpoint.Commit, in checkpoint.Interrupt, now time.Time) error {
	var q react.ReviewQuestion
	if err := json.Unmarshal(in.Value, &q); err != nil {
		return fmt.Errorf("reading an interrupt: %w", err)
	}
	var allowed []string
	for _, k := range q.Allowed() {
		allowed = append(allowed, string(k))
	}
	action := q.Action()
	return t.add(c, event.DeriveID(in.ID, group, 0), now, &event.ReviewRequested{
		ReviewId: in.ID, ThreadId: t.in.ThreadID, QueryId: t.in.QueryID, TraceId: traceID(t.run.ID),
		Question: t.in.query.GetText(), Tool: action.Name, Arguments: string(action.Args), Description: action.Description,
		AllowedDecisions: allowed, Origin: t.in.query.GetOrigin(),
	})
}

// failed ends a run that did not come to an answer by itself.
func (t *trace) failed(c *checkpoint.Commit, state graph.State, cause error) error {
	r, err := react.ReadResult(state)
	if err != nil {
		r = react.Result{} // a state that cannot be read is one more reason to fail, not to hang
	}
	r.State, r.Error = react.StateFailed, brief(cause, maxError)
	r.Answer = "No answer: " + reason(cause)
	return t.finish(c, r, t.agent.deps.Now())
}

// finish adds what is published once for each run: the answer, the interaction and the root span.
func (t *trace) finish(c *checkpoint.Commit, r react.Result, now time.Time) error {
	t.answer = r.Answer
	messages := []proto.Message{t.answerOf(r, now), t.rootOf(r, now)}
	if r.State != react.StateFailed { // without an answer there is nothing to evaluate
		messages = append(messages, t.interactionOf(r, now))
	}
	for n, m := range messages {
		if err := t.add(c, event.DeriveID(t.run.ID, group, n), now, m); err != nil {
			return err
		}
	}
	return nil
}

// add puts an event into the outbox of a commit.
func (t *trace) add(c *checkpoint.Commit, id string, at time.Time, data proto.Message) error {
	m, err := message(event.Event{
		ID: id, Type: event.TypeOf(data), Source: source, Tenant: tenantOr(t.in.Tenant), Time: at.UTC(), Data: data,
		TraceParent: "00-" + traceID(t.run.ID) + "-" + rootSpan(t.run.ID) + "-01",
	})
	if err != nil {
		return fmt.Errorf("run %s: %w", t.run.ID, err)
	}
	c.Messages = append(c.Messages, m)
	return nil
}

func recordSize(r event.Record) int {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}
