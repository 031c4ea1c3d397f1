package graph

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// CopyThread gives a thread without checkpoints the newest state of another, with the tasks that come next.
func (e *Engine) CopyThread(ctx context.Context, from, to string) error {
	c, err := e.load(ctx, Request{ThreadID: from}, "")
	if err != nil || c.head.ID == "" {
		return err
	}
	there, err := e.load(ctx, Request{ThreadID: to}, "")
	if err != nil {
		return err
	}
	if there.head.ID != "" {
		return fmt.Errorf("copying to thread %s, which has checkpoints: %w", to, checkpoint.ErrConflict)
	}
	p := *c.head
	p.ThreadID, p.RunID, p.ParentID, p.Source = to, "", "", checkpoint.SourceFork
	p.Nodes, p.Writes, p.Snapshot = c.writers(), nil, c.state
	return e.edit(ctx, p, true)
}

// Clear takes a thread back to its beginning. Its history stays.
func (e *Engine) Clear(ctx context.Context, threadID string) error {
	return e.edit(ctx, checkpoint.Checkpoint{ThreadID: threadID, Source: checkpoint.SourceUpdate, Step: -1, Next: []checkpoint.Target{}}, false)
}

// Restore makes a copy of an earlier checkpoint the newest of its thread. Its history stays.
func (e *Engine) Restore(ctx context.Context, threadID, checkpointID string) error {
	_, err := e.Update(ctx, Edit{ThreadID: threadID, CheckpointID: checkpointID, Updates: []NodeUpdate{{AsNode: Copy}}})
	return err
}

// edit stores a checkpoint outside of any run, or only as the thread's first.
func (e *Engine) edit(ctx context.Context, p checkpoint.Checkpoint, first bool) error {
	p.ID, p.CreatedAt, p.Graph = newID(), e.cfg.Now().UTC(), e.graph.Version()
	if err := e.store.Commit(ctx, checkpoint.Commit{ThreadID: p.ThreadID, Fresh: first, Checkpoints: []checkpoint.Checkpoint{p}}); err != nil {
		return fmt.Errorf("editing thread %s: %w", p.ThreadID, err)
	}
	return nil
}
