package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// Start begins a run, or lets the one that waits go on. Of a thread one is started at a time, so that a multitask strategy
// holds for what it was decided on. That is so in one process: where several share a store, a strategy is applied as well as
// can be, and two runs that are both to be refused while another is under way may both be queued.
func (b *Backend) Start(ctx context.Context, s api.Start) (api.Run, error) {
	key := b.key(s.ThreadID)
	if err := b.touch(ctx, key); err != nil {
		return api.Run{}, err
	}
	if !s.After.IsZero() && s.After.After(b.Now()) {
		return api.Run{}, fmt.Errorf("%w: this server does not hold runs back: start it when it is to run", api.ErrInvalid)
	}
	leave, err := b.gate.enter(ctx, key)
	if err != nil {
		return api.Run{}, err
	}
	defer leave()
	waiting, err := b.makeWay(ctx, key, s)
	if err != nil {
		return api.Run{}, err
	}
	r := record{Run: s.Run}
	r.Run.CreatedAt, r.Run.UpdatedAt = b.stamp(), b.stamp()
	switch {
	case ends(s):
		return b.end(ctx, key, r, s)
	case waiting != "" && b.continues(ctx, key, s):
		return b.resume(ctx, key, waiting, r, s)
	}
	return b.begin(ctx, key, waiting, r, s)
}

// makeWay applies the multitask strategy. It returns the run that waits for an answer, if one does.
func (b *Backend) makeWay(ctx context.Context, key string, s api.Start) (string, error) {
	for {
		run, err := b.Store.Turn(ctx, key)
		if errors.Is(err, checkpoint.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if run.Status == checkpoint.StatusInterrupted {
			return run.ID, nil
		}
		switch s.Multitask {
		case api.Enqueue:
			return "", nil
		case api.Interrupt, api.Rollback:
			if err := b.Agent.Cancel(ctx, run); err != nil {
				return "", err
			}
			if s.Multitask == api.Rollback {
				if err := b.undo(ctx, run); err != nil {
					return "", err
				}
			}
		default:
			return "", fmt.Errorf("thread %s: run %s has not ended: %w", s.ThreadID, run.ID, api.ErrBusy)
		}
	}
}

// ends says whether the command is to leave nothing to do: how clients mark a question as resolved.
func ends(s api.Start) bool {
	return len(s.Goto) == 1 && s.Goto[0].Node == graph.End && s.Input == nil && len(s.Resume) == 0
}

func (b *Backend) end(ctx context.Context, key string, r record, s api.Start) (api.Run, error) {
	u, err := b.update(s.Update, nil, "")
	if err != nil {
		return api.Run{}, err
	}
	if err := b.dismiss(ctx, key, ""); err != nil {
		return api.Run{}, err
	}
	if len(s.Update) > 0 {
		if _, err := b.Engine.Update(ctx, graph.Edit{ThreadID: key, Updates: []graph.NodeUpdate{u}}); err != nil {
			return api.Run{}, translate(err)
		}
	}
	if _, err := b.Engine.Update(ctx, graph.Edit{ThreadID: key, Updates: []graph.NodeUpdate{{AsNode: graph.End}}}); err != nil {
		return api.Run{}, translate(err)
	}
	r.Settled = api.RunSuccess
	r.Run.Status = api.RunSuccess
	return r.Run, b.save(ctx, r)
}

// continues says whether a run is to go on where the waiting one stands.
func (b *Backend) continues(ctx context.Context, key string, s api.Start) bool {
	if s.Input != nil {
		return false
	}
	if s.CheckpointID == "" {
		return true
	}
	head, err := b.Engine.State(ctx, key, "")
	return err == nil && head.Checkpoint.ID == s.CheckpointID
}

// resume answers the waiting run.
func (b *Backend) resume(ctx context.Context, key, waiting string, r record, s api.Start) (api.Run, error) {
	ended := false
	if len(s.Update) > 0 || len(s.Goto) > 0 {
		u, err := b.update(s.Update, s.Goto, "")
		if err != nil {
			return api.Run{}, err
		}
		if len(s.Resume) > 0 {
			return api.Run{}, fmt.Errorf("%w: send the answer and the update one after the other", api.ErrInvalid)
		}
		p, err := b.Engine.Update(ctx, graph.Edit{ThreadID: key, RunID: waiting, Updates: []graph.NodeUpdate{u}})
		if err != nil {
			return api.Run{}, translate(err)
		}
		ended = len(p.Next) == 0
	}
	answers, err := b.answers(ctx, key, s.Resume)
	if err != nil {
		return api.Run{}, err
	}
	if err := b.prepare(ctx, &r, waiting); err != nil {
		return api.Run{}, err
	}
	err = b.Agent.Decide(ctx, checkpoint.Decision{RunID: waiting, Answers: answers, Continue: true})
	if ended && errors.Is(err, ErrNothingDecided) {
		err = nil // an edit that left nothing to do has queued the run
	}
	if err != nil {
		return api.Run{}, b.withdraw(ctx, r, err)
	}
	ctx = context.WithoutCancel(ctx) // what is decided is decided
	run, err := b.accepted(ctx, r)
	if err != nil {
		return api.Run{}, err
	}
	return run, b.settle(ctx, key, waiting, r.Run.ID)
}

// prepare saves the record of a run whose target is about to be given its turn, and begins to keep its events.
func (b *Backend) prepare(ctx context.Context, r *record, target string) error {
	r.Target, r.Preparing = target, true
	if err := b.save(ctx, *r); err != nil {
		return err
	}
	b.hub.open(r.Run.ID, target)
	return nil
}

// accepted completes the record of a run whose target has its turn.
func (b *Backend) accepted(ctx context.Context, r record) (api.Run, error) {
	r.Preparing = false
	if err := b.save(ctx, r); err != nil {
		return api.Run{}, err
	}
	return b.current(ctx, r)
}

// withdraw forgets a run that was prepared and did not come to be. If the store has accepted it all the same, it lists under
// its target's id.
func (b *Backend) withdraw(ctx context.Context, r record, cause error) error {
	cause = translate(cause)
	if !r.Preparing {
		return cause
	}
	if t := b.hub.tape(r.Run.ID); t != nil {
		b.hub.finish(t, failure(cause.Error()))
	}
	return errors.Join(cause, b.Store.DeleteRecord(context.WithoutCancel(ctx), kindRun, r.Run.ID))
}

// settle says of the runs that have stopped at a target's question that they are over: the target now works for another.
func (b *Backend) settle(ctx context.Context, key, target, other string) error {
	all, err := b.Store.ListRecords(ctx, kindRun, key, mostRuns, 0)
	if err != nil {
		return err
	}
	for _, stored := range all {
		r, err := decode(stored)
		if err != nil {
			return err
		}
		if r.Target != target || r.Settled != "" || r.Run.ID == other {
			continue
		}
		r.Settled = api.RunSuccess
		if err := b.save(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// answers checks the client's answers, and adds one for each breakpoint, which going on answers.
func (b *Backend) answers(ctx context.Context, key string, resume map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	s, err := b.Engine.State(ctx, key, "")
	if err != nil {
		return nil, translate(err)
	}
	questions := map[string]json.RawMessage{}
	for _, in := range s.Interrupts() {
		questions[in.ID] = in.Value
	}
	out := map[string]json.RawMessage{}
	for id, answer := range resume {
		if id == "" {
			if len(questions) != 1 {
				return nil, fmt.Errorf("%w: %d questions are open: resume with {interrupt id: answer}", api.ErrInvalid, len(questions))
			}
			for only := range questions {
				id = only
			}
		}
		question, ok := questions[id]
		if !ok {
			return nil, fmt.Errorf("%w: no question %s is open", api.ErrInvalid, id)
		}
		if err := b.Agent.Check(question, answer); err != nil {
			return nil, fmt.Errorf("%w: the answer to %s: %w", api.ErrInvalid, id, err)
		}
		out[id] = answer
	}
	breakpoints, err := b.Engine.Breakpoints(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, in := range breakpoints {
		out[in.ID] = json.RawMessage("true")
	}
	return out, nil
}

// unasked says why a run cannot answer: somebody else has, or nobody asked.
func (b *Backend) unasked(ctx context.Context, key string, s api.Start) error {
	run, err := b.Store.Turn(ctx, key)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return fmt.Errorf("%w: thread %s has no open question", api.ErrInvalid, s.ThreadID)
	case err != nil:
		return err
	}
	return fmt.Errorf("thread %s: run %s goes on, there is nothing to answer: %w", s.ThreadID, run.ID, api.ErrBusy)
}

// begin submits a run of its own. The one that waits for an answer, if there is one, is dismissed only when the new one is
// stored, behind it: so a crash, or a store that fails, loses neither.
func (b *Backend) begin(ctx context.Context, key, waiting string, r record, s api.Start) (api.Run, error) {
	if len(s.Resume) > 0 {
		return api.Run{}, b.unasked(ctx, key, s)
	}
	u, err := b.update(s.Update, s.Goto, "")
	if err != nil {
		return api.Run{}, err
	}
	if len(u.Sends) > 0 {
		return api.Run{}, fmt.Errorf("%w: a command can go to nodes, but send them nothing", api.ErrInvalid)
	}
	_, err = b.Agent.Submit(ctx, Submission{ThreadID: key, Input: s.Input, Begin: Begin{
		From: s.CheckpointID, Continue: s.Input == nil, Writes: u.Writes, Goto: u.Goto,
		Before: s.InterruptBefore, After: s.InterruptAfter, Limit: s.Limit,
	}, Ready: func(target string) error { return b.prepare(ctx, &r, target) }})
	if err != nil {
		return api.Run{}, b.withdraw(ctx, r, err)
	}
	ctx = context.WithoutCancel(ctx) // it will run
	if waiting != "" {
		// A new beginning drops what was next, as in LangGraph.
		if err := b.dismiss(ctx, key, waiting); err != nil {
			return api.Run{}, fmt.Errorf("ending run %s, which run %s waits for: %w", waiting, r.Target, err)
		}
	}
	return b.accepted(ctx, r)
}
