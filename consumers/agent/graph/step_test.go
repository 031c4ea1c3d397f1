package graph_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

var errSeveral = errors.New("several questions are open")

// do does one step of a case.
func (p *play) do(s stepCase) error {
	switch s.Do {
	case "invoke":
		return p.begin(s, graph.Request{Input: writes(p, s.Values)})
	case "command":
		return p.begin(s, graph.Request{Continue: true, Input: writes(p, s.Values), Goto: s.Goto})
	case "continue":
		if p.waiting == nil || s.At != nil {
			return p.begin(s, graph.Request{Continue: true})
		}
		return p.resume(s, nil)
	case "resume":
		return p.answer(s)
	case "yes":
		return p.yes(s)
	case "update":
		return p.update(s, []stepCase{s})
	default:
		return p.update(s, s.Updates)
	}
}

func writes(p *play, v map[string]any) []checkpoint.Write {
	var out []checkpoint.Write
	for _, key := range slices.Sorted(maps.Keys(v)) {
		raw, err := json.Marshal(v[key])
		require.NoError(p.t, err)
		out = append(out, checkpoint.Write{Key: key, Value: raw})
	}
	return out
}

// at is the checkpoint that a step starts from.
func (p *play) at(s stepCase) string {
	if s.At == nil {
		return ""
	}
	list, err := p.engine.History(p.t.Context(), p.thread, graph.HistoryQuery{Limit: 1, Match: func(c checkpoint.Checkpoint) bool {
		return c.Step == *s.At && (s.Source == "" || s.Source == string(c.Source))
	}})
	require.NoError(p.t, err)
	require.Len(p.t, list, 1)
	return list[0].Checkpoint.ID
}

// begin accepts a run and runs it. A run that waits is given up.
func (p *play) begin(s stepCase, req graph.Request) error {
	p.dismiss()
	p.runs++
	req.ThreadID, req.RunID, req.From = p.thread, fmt.Sprintf("%s/%d", p.thread, p.runs), p.at(s)
	b, err := p.engine.Begin(p.t.Context(), req)
	if err != nil {
		return err
	}
	_, err = p.store.Accept(p.t.Context(), checkpoint.Acceptance{
		Run: checkpoint.Run{ID: req.RunID, ThreadID: p.thread}, Head: b.Head, Input: b.Checkpoints,
	})
	require.NoError(p.t, err)
	return p.play(s, req)
}

func (p *play) dismiss() {
	if p.waiting == nil {
		return
	}
	require.NoError(p.t, p.store.Commit(p.t.Context(), checkpoint.Commit{
		ThreadID: p.thread, RunID: p.waiting.RunID, Status: checkpoint.StatusFailed, Error: "given up", Withdraw: true,
	}))
	p.waiting = nil
}

// play runs until the run is done, waits or has failed, which ends it.
func (p *play) play(s stepCase, req graph.Request) error {
	req.Limit, req.InterruptBefore, req.InterruptAfter = s.Limit, s.Before, s.After
	out, err := p.engine.Run(p.t.Context(), req)
	for p.crash && errors.Is(err, errCrash) {
		run, e := p.store.Run(p.t.Context(), req.RunID)
		require.NoError(p.t, e)
		if run.Status.Ended() {
			out.Status, err = run.Status, nil
			break
		}
		req.Recovered = true
		out, err = p.engine.Run(p.t.Context(), req)
	}
	p.waiting = nil
	if err != nil {
		c := checkpoint.Commit{ThreadID: p.thread, RunID: req.RunID, Status: checkpoint.StatusFailed, Error: err.Error()}
		var node *graph.NodeError
		if errors.As(err, &node) {
			c.CheckpointID, c.Tasks = node.CheckpointID, []checkpoint.TaskRecord{{TaskID: node.TaskID, Error: node.Error()}}
		}
		require.NoError(p.t, p.store.Store.Commit(p.t.Context(), c))
		return err
	}
	if out.Status == checkpoint.StatusInterrupted {
		p.waiting = &req
	}
	run, err := p.store.Run(p.t.Context(), req.RunID)
	require.NoError(p.t, err)
	require.Equal(p.t, out.Status, run.Status)
	return nil
}

// resume answers questions, and the breakpoints that the run stands at, and lets the run go on.
func (p *play) resume(s stepCase, answers map[string]json.RawMessage) error {
	snapshot, err := p.engine.State(p.t.Context(), p.thread, "")
	require.NoError(p.t, err)
	breakpoints, err := p.engine.Breakpoints(p.t.Context(), snapshot)
	require.NoError(p.t, err)
	if answers == nil {
		answers = map[string]json.RawMessage{}
	}
	for _, in := range breakpoints {
		answers[in.ID] = json.RawMessage("true")
	}
	_, err = p.store.Decide(p.t.Context(), checkpoint.Decision{RunID: p.waiting.RunID, Answers: answers, Continue: true})
	require.NoError(p.t, err)
	run, err := p.store.Run(p.t.Context(), p.waiting.RunID)
	require.NoError(p.t, err)
	require.Equal(p.t, checkpoint.StatusQueued, run.Status) // by the decision, or by an edit that left nothing to do
	return p.play(s, *p.waiting)
}

func (p *play) answer(s stepCase) error {
	snapshot, err := p.engine.State(p.t.Context(), p.thread, "")
	require.NoError(p.t, err)
	open, answers := map[string]string{}, map[string]json.RawMessage{}
	for _, in := range snapshot.Interrupts() {
		var question string
		require.NoError(p.t, json.Unmarshal(in.Value, &question))
		open[question] = in.ID
		if s.Plain != nil {
			answers[in.ID] = must(json.Marshal(*s.Plain))(p.t)
		}
	}
	if s.Plain != nil && len(open) > 1 {
		return errSeveral
	}
	for question, text := range s.Answers {
		require.Contains(p.t, open, question)
		answers[open[question]] = must(json.Marshal(text))(p.t)
	}
	return p.resume(s, answers)
}

// yes answers all questions, or goes on where there is none.
func (p *play) yes(s stepCase) error {
	snapshot, err := p.engine.State(p.t.Context(), p.thread, "")
	require.NoError(p.t, err)
	if p.waiting == nil {
		return p.begin(s, graph.Request{Continue: true})
	}
	answers := map[string]json.RawMessage{}
	for _, in := range snapshot.Interrupts() {
		answers[in.ID] = json.RawMessage(`"yes"`)
	}
	return p.resume(s, answers)
}

func (p *play) update(s stepCase, updates []stepCase) error {
	edit := graph.Edit{ThreadID: p.thread, CheckpointID: p.at(s)}
	if p.waiting != nil {
		edit.RunID = p.waiting.RunID
	}
	for _, u := range updates {
		edit.Updates = append(edit.Updates, graph.NodeUpdate{Writes: writes(p, u.Values), AsNode: u.As})
	}
	_, err := p.engine.Update(p.t.Context(), edit)
	return err
}
