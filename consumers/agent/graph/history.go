package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Snapshot is a thread at one of its checkpoints.
type Snapshot struct {
	// Checkpoint has the ids, the source, the step and the tasks that come next. Its ID is empty for a thread without any.
	Checkpoint checkpoint.Checkpoint
	// Values is the state.
	Values State
	// Tasks are those that come next, with what is known of them.
	Tasks []TaskInfo

	newest bool
}

// Next names the nodes that come next, one for each task. At a thread's newest checkpoint those that have finished are left out.
func (s Snapshot) Next() []string {
	out := []string{}
	for _, t := range s.Tasks {
		if !s.newest || !t.Done {
			out = append(out, t.Node)
		}
	}
	return out
}

// Interrupts are the questions that have no answer.
func (s Snapshot) Interrupts() []checkpoint.Interrupt {
	var out []checkpoint.Interrupt
	for _, t := range s.Tasks {
		for _, in := range t.Interrupts {
			if in.Resume == nil {
				out = append(out, in)
			}
		}
	}
	return out
}

// State returns a thread at a checkpoint, or, without one, the newest with what has been written since by tasks whose siblings
// have not finished. A thread without checkpoints has an empty snapshot; an unknown checkpoint is a checkpoint.ErrNotFound.
func (e *Engine) State(ctx context.Context, threadID, checkpointID string) (Snapshot, error) {
	c, err := e.load(ctx, Request{ThreadID: threadID}, checkpointID)
	if err != nil {
		return Snapshot{}, err
	}
	s, err := e.snapshot(ctx, c)
	if err != nil || checkpointID != "" {
		return s, err
	}
	s.newest = true
	var parked []checkpoint.Write
	for _, t := range s.Tasks {
		parked = append(parked, t.Writes...)
	}
	if values, err := c.graph.apply(s.Values, parked); err == nil { // what does not fit together fails the run, not its reader
		s.Values = values
	}
	return s, nil
}

func (e *Engine) snapshot(ctx context.Context, c *cursor) (Snapshot, error) {
	s := Snapshot{Checkpoint: *c.head, Values: c.state.Visible()}
	if len(c.head.Next) == 0 {
		return s, nil
	}
	known, err := e.known(ctx, c)
	if err != nil {
		return s, err
	}
	for i, path := range paths(c.head.Next) {
		target := c.head.Next[i]
		t := TaskInfo{ID: taskID(c.head.ID, path), Node: target.Node, Path: path, Input: target.Input}
		if r, ok := known[t.ID]; ok {
			t.Writes, t.Next, t.Done, t.Interrupts = r.Writes, r.Next, r.Done, r.Interrupts
			if r.Error != "" {
				t.Err = errors.New(r.Error)
			}
		}
		s.Tasks = append(s.Tasks, t)
	}
	return s, nil
}

// Breakpoints are the open static interrupts at a snapshot: they are no task's.
func (e *Engine) Breakpoints(ctx context.Context, s Snapshot) ([]checkpoint.Interrupt, error) {
	list, err := e.store.Tasks(ctx, s.Checkpoint.ThreadID, s.Checkpoint.ID)
	if err != nil {
		return nil, fmt.Errorf("loading tasks of checkpoint %s: %w", s.Checkpoint.ID, err)
	}
	own := map[string]bool{}
	for _, t := range s.Tasks {
		own[t.ID] = true
	}
	var out []checkpoint.Interrupt
	for _, r := range list {
		for _, in := range r.Interrupts {
			if !own[r.TaskID] && in.Resume == nil {
				out = append(out, in)
			}
		}
	}
	return out, nil
}

// HistoryQuery selects checkpoints of a thread. Its zero value selects the ten newest.
type HistoryQuery struct {
	// Before is a checkpoint: what comes back is older.
	Before string
	// Limit is the most that comes back. Defaults to 10, at most 1000.
	Limit int
	// Match, if set, says which checkpoints count.
	Match func(checkpoint.Checkpoint) bool
}

const (
	historyDefault = 10
	historyMost    = 1000
	historyPage    = 64
)

// History returns checkpoints of a thread, newest first, those of all branches. The tasks of a checkpoint that others follow
// have what their nodes wrote, as far as each checkpoint holds one node's writes.
func (e *Engine) History(ctx context.Context, threadID string, q HistoryQuery) ([]Snapshot, error) {
	if q.Limit <= 0 {
		q.Limit = historyDefault
	}
	q.Limit = min(q.Limit, historyMost)
	var out []Snapshot
	children := map[string]checkpoint.Checkpoint{}
	for before := q.Before; ; {
		page, err := e.store.History(ctx, threadID, before, historyPage)
		if err != nil {
			return nil, fmt.Errorf("reading the history of thread %s: %w", threadID, err)
		}
		for _, p := range page {
			before = p.ID
			child, followed := children[p.ID]
			children[p.ParentID] = p
			if q.Match != nil && !q.Match(p) {
				continue
			}
			s, err := e.State(ctx, threadID, p.ID)
			if err != nil {
				return nil, err
			}
			if followed {
				s.finished(child)
			}
			if out = append(out, s); len(out) == q.Limit {
				return out, nil
			}
		}
		if len(page) < historyPage {
			return out, nil
		}
	}
}

// finished fills in what a task has written, where its checkpoint's child holds nothing else.
func (s *Snapshot) finished(child checkpoint.Checkpoint) {
	if len(s.Tasks) == 1 && child.Source == checkpoint.SourceLoop {
		s.Tasks[0].Done, s.Tasks[0].Writes, s.Tasks[0].Next = true, child.Writes, child.Next
	}
}

// Values returns what writes leave behind on an empty state: how a task's writes are shown.
func (e *Engine) Values(writes []checkpoint.Write) (map[string]json.RawMessage, error) {
	s, err := e.graph.apply(State{}, writes)
	if err != nil {
		return nil, err
	}
	return s.Visible(), nil
}
