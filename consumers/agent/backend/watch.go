package backend

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// Events yields the events of a run as they come, and ends when the run has stopped. What all runs keep is bounded: of a run
// with very large events who comes late, or reads slowly, gets only the newer ones.
func (b *Backend) Events(ctx context.Context, runID string) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		t, err := b.watch(ctx, runID)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		for seen := 0; t != nil; {
			unlock := b.hub.lock()
			list, all := t.since(seen)
			over, changed := t.over, t.changed
			unlock()
			for _, e := range list {
				if !yield(e.event, nil) {
					return
				}
			}
			if seen = all; len(list) > 0 {
				continue
			}
			if over {
				return
			}
			select {
			case <-ctx.Done():
				yield(api.Event{}, ctx.Err())
				return
			case <-changed:
			}
		}
	}
}

// watch returns the tape of a run, or nil for one that has stopped and of which nothing is kept.
// One that is under way, since an earlier process or over Kafka, is watched from here on.
func (b *Backend) watch(ctx context.Context, runID string) (*tape, error) {
	r, err := b.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	if t := b.hub.tape(runID); t != nil || r.Settled != "" {
		return t, nil
	}
	t, fresh := b.hub.open(runID, r.Target)
	if !fresh {
		return t, nil
	}
	// It may have stopped before the tape was there. Others may watch by now: this is done for them, too.
	run, err := b.current(context.WithoutCancel(ctx), r)
	if err != nil || !underWay(run.Status) && !b.hub.running(r.Target) {
		b.hub.finish(t, nil)
	}
	return t, err
}

func underWay(s api.RunStatus) bool { return s == api.RunPending || s == api.RunRunning }

// Sweep ends the events of runs that have stopped in another process: nobody calls Stopped here for them. Where several
// processes share a store it must be called now and then.
func (b *Backend) Sweep(ctx context.Context) error {
	for target, w := range b.hub.working() {
		run, err := b.Store.Run(ctx, target)
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
			return fmt.Errorf("looking for the end of run %s: %w", target, err)
		}
		b.hub.seen(target, w, err != nil || run.Status != checkpoint.StatusQueued)
	}
	for _, t := range b.hub.live() {
		run, err := b.Run(ctx, t.id)
		if err != nil && !errors.Is(err, api.ErrNotFound) {
			return fmt.Errorf("looking for the end of run %s: %w", t.id, err)
		}
		if (err != nil || !underWay(run.Status)) && !b.hub.running(t.target) {
			b.hub.finish(t, run.Error)
		}
	}
	return nil
}
