package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// direct is the way in for the server: runs that come without Kafka. They are questions like all others, so their
// query.asked, and the decisions on reviews, are published with them; what then comes back over Kafka is known already.
type direct struct{ *Agent }

var _ backend.Agent = direct{}

// Submit accepts a run.
func (d direct) Submit(ctx context.Context, s backend.Submission) (string, error) {
	a := d.Agent
	question, writes, err := a.question(ctx, s)
	if err != nil {
		return "", err
	}
	id := uuid.Must(uuid.NewV7()).String()
	tenant, threadID := splitKey(s.ThreadID)
	q := &event.QueryAsked{Text: question, ThreadId: threadID}
	s.Begin.Writes = append(writes, s.Begin.Writes...)
	run, req, err := a.enlist(&accepted{QueryID: id, Tenant: tenant, ThreadID: threadID, Begin: &s.Begin}, q)
	if err != nil {
		return "", err
	}
	b, err := a.engine.Begin(ctx, req)
	if err != nil {
		return "", err
	}
	asked, err := message(event.Event{ID: id, Type: event.TypeOf(q), Source: source, Tenant: tenant, Time: run.CreatedAt, Data: q})
	if err != nil {
		return "", err
	}
	if err := s.Ready(run.ID); err != nil {
		return run.ID, err
	}
	_, err = a.store.Accept(ctx, checkpoint.Acceptance{Run: run, Head: b.Head, Input: b.Checkpoints, Messages: []checkpoint.Message{asked}})
	if err != nil {
		return run.ID, err
	}
	a.outbox.notify()
	a.schedule.offer(entry{runID: run.ID, threadID: run.ThreadID})
	return run.ID, nil
}

// question is what the run is about: the last that a person said in the input, or what the thread was about.
func (a *Agent) question(ctx context.Context, s backend.Submission) (string, []checkpoint.Write, error) {
	if s.Input != nil {
		return react.ReadInput(s.Input)
	}
	at, err := a.engine.State(ctx, s.ThreadID, s.From)
	if err != nil {
		return "", nil, err
	}
	if at.Checkpoint.ID == "" {
		return "", nil, fmt.Errorf("going on with an empty thread: %w", graph.ErrInput)
	}
	r, err := react.ReadResult(at.Values)
	return r.Question, nil, err
}

// Decide stores answers, publishes those that are decisions on reviews, and gives the run its turn.
func (d direct) Decide(ctx context.Context, decision checkpoint.Decision) error {
	a := d.Agent
	run, err := a.store.Run(ctx, decision.RunID)
	if err != nil {
		return err
	}
	at, err := a.engine.State(ctx, run.ThreadID, "")
	if err != nil {
		return err
	}
	tenant, threadID := splitKey(run.ThreadID)
	decision.Messages = map[string][]checkpoint.Message{}
	for _, in := range at.Interrupts() { // going past a breakpoint is no decision: nobody was asked
		id, raw := in.ID, decision.Answers[in.ID]
		if raw == nil {
			continue
		}
		parsed, err := react.ParseDecision(raw)
		if err != nil {
			return err
		}
		m, err := message(event.Event{
			ID: event.DeriveID(id, group, 1), Type: event.TypeOf(&event.ReviewDecided{}), Source: source, Tenant: tenant,
			Time: a.deps.Now().UTC(), Data: decided(id, threadID, parsed),
		})
		if err != nil {
			return err
		}
		decision.Messages[id] = []checkpoint.Message{m}
	}
	out, err := a.store.Decide(ctx, decision)
	if err != nil {
		return err
	}
	a.outbox.notify()
	a.schedule.resume(run.ID, run.ThreadID) // it may have been queued by an edit
	if out.Queued == nil && out.Taken == 0 {
		return fmt.Errorf("run %s: %w", decision.RunID, backend.ErrNothingDecided) // somebody was faster
	}
	return nil
}

// Check says what is wrong with an answer.
func (direct) Check(_, answer json.RawMessage) error {
	_, err := react.ParseDecision(answer)
	return err
}

// Cancel ends a run with an answer that says so.
func (d direct) Cancel(ctx context.Context, run checkpoint.Run) error { return d.cancel(ctx, run) }

func message(e event.Event) (checkpoint.Message, error) {
	r, err := topic.Encode(e)
	if err != nil {
		return checkpoint.Message{}, fmt.Errorf("encoding %s: %w", e.Type, err)
	}
	if n := recordSize(r); n > maxRecord {
		return checkpoint.Message{}, fmt.Errorf("%s has %d bytes, brokers take %d", e.Type, n, maxRecord)
	}
	m := checkpoint.Message{ID: e.ID, Topic: r.Topic, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, checkpoint.Header(h))
	}
	return m, nil
}
