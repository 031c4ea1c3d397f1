package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// historyPage is how many checkpoints are rebuilt at a time.
const historyPage = 32

// State returns a thread at a checkpoint.
func (b *Backend) State(ctx context.Context, threadID, checkpointID string) (api.Snapshot, error) {
	if _, err := b.Store.Thread(ctx, b.key(threadID)); err != nil {
		return api.Snapshot{}, translate(err)
	}
	s, err := b.Engine.State(ctx, b.key(threadID), checkpointID)
	return snapshot(threadID, s), translate(err)
}

// History yields snapshots from the newest to the oldest.
func (b *Backend) History(ctx context.Context, threadID string, q api.HistoryQuery) iter.Seq2[api.Snapshot, error] {
	return func(yield func(api.Snapshot, error) bool) {
		left := q.Limit
		give := func(s graph.Snapshot) bool {
			out := snapshot(threadID, s)
			if !api.Contains(metadata(out), q.Metadata) {
				return true
			}
			left--
			return yield(out, nil) && left != 0
		}
		if _, err := b.Store.Thread(ctx, b.key(threadID)); err != nil {
			yield(api.Snapshot{}, translate(err))
			return
		}
		before := q.Before
		if q.From != "" {
			s, err := b.Engine.State(ctx, b.key(threadID), q.From)
			if err != nil {
				yield(api.Snapshot{}, translate(err))
				return
			}
			if !give(s) {
				return
			}
			before = q.From
		}
		for {
			page, err := b.Engine.History(ctx, b.key(threadID), graph.HistoryQuery{Before: before, Limit: historyPage})
			if err != nil {
				yield(api.Snapshot{}, translate(err))
				return
			}
			for _, s := range page {
				if !give(s) {
					return
				}
				before = s.Checkpoint.ID
			}
			if len(page) < historyPage {
				return
			}
		}
	}
}

// metadata is what a history can be filtered by.
func metadata(s api.Snapshot) map[string]json.RawMessage {
	step, _ := json.Marshal(s.Step) //nolint:errchkjson // a number
	out := map[string]json.RawMessage{"source": quote(s.Source), "run_id": quote(s.RunID), "step": step}
	for k, v := range s.Metadata {
		out[k] = v
	}
	return out
}

// Update stores an edit of the state. The run that waits on the thread goes on from there, or ends when nothing is left to do.
func (b *Backend) Update(ctx context.Context, threadID string, u api.StateUpdate) (string, error) {
	key := b.key(threadID)
	if _, err := b.Store.Thread(ctx, key); err != nil {
		return "", translate(err)
	}
	update, err := b.update(u.Values, u.Goto, u.AsNode)
	if err != nil {
		return "", err
	}
	if u.AsNode == graph.End && len(update.Writes) == 0 {
		if err := b.dismiss(ctx, key, ""); err != nil {
			return "", err
		}
	}
	waiting, err := b.waiting(ctx, key)
	if err != nil {
		return "", err
	}
	p, err := b.Engine.Update(ctx, graph.Edit{
		ThreadID: key, RunID: waiting, CheckpointID: u.CheckpointID, Updates: []graph.NodeUpdate{update},
	})
	if err == nil && waiting != "" && len(p.Next) == 0 { // the edit has queued it, to come to its end
		err = b.Agent.Decide(ctx, checkpoint.Decision{RunID: waiting, Continue: true})
	}
	if errors.Is(err, ErrNothingDecided) {
		err = nil
	}
	return p.ID, translate(err)
}

// waiting is the run of a thread that waits for an answer, or "". A run under way is an ErrBusy.
func (b *Backend) waiting(ctx context.Context, key string) (string, error) {
	run, err := b.Store.Turn(ctx, key)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case run.Status == checkpoint.StatusQueued:
		return "", api.ErrBusy
	}
	return run.ID, nil
}

func (b *Backend) update(values []api.KeyValue, to []api.Send, asNode string) (graph.NodeUpdate, error) {
	u := graph.NodeUpdate{AsNode: asNode}
	for _, v := range values {
		w, err := b.Engine.Graph().Write(v.Key, v.Value)
		if err != nil {
			return u, fmt.Errorf("%w: %w", api.ErrInvalid, err)
		}
		u.Writes = append(u.Writes, w)
	}
	for _, s := range to {
		if s.Input == nil {
			u.Goto = append(u.Goto, s.Node)
			continue
		}
		u.Sends = append(u.Sends, graph.Send(s))
	}
	return u, nil
}

func snapshot(threadID string, s graph.Snapshot) api.Snapshot {
	p := s.Checkpoint
	out := api.Snapshot{
		ThreadID: threadID, CheckpointID: p.ID, ParentID: p.ParentID, CreatedAt: p.CreatedAt, Values: s.Values,
		Next: s.Next(), Source: string(p.Source), Step: p.Step, RunID: p.RunID,
	}
	for _, t := range s.Tasks {
		out.Tasks = append(out.Tasks, task(t, s.Values))
	}
	return out
}

// push is how LangGraph calls a task that was sent its input.
const push = "__pregel_push"

func task(t graph.TaskInfo, state graph.State) api.Task {
	out := api.Task{ID: t.ID, Name: t.Node, Path: []any{"__pregel_pull", t.Node}, Triggers: []string{"branch:to:" + t.Node}, Done: t.Done, Input: state}
	if t.Input != nil {
		out.Path, out.Triggers = []any{push, t.Path}, []string{push}
		out.Input = nil
		_ = json.Unmarshal(t.Input, &out.Input) // what is no object cannot be shown as one
	}
	for _, w := range t.Writes {
		if graph.Shown(w.Key) {
			out.Result = append(out.Result, api.KeyValue{Key: w.Key, Value: w.Value})
		}
	}
	if t.Err != nil {
		out.Error = t.Err.Error()
	}
	out.Interrupts = open(t)
	return out
}

// open are the questions of a task that have no answer.
func open(t graph.TaskInfo) []api.Pending {
	var out []api.Pending
	for _, in := range t.Interrupts {
		if in.Resume == nil {
			out = append(out, api.Pending{ID: in.ID, Value: in.Value})
		}
	}
	return out
}
