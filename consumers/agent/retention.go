package agent

import (
	"context"
	"time"
)

const (
	// pruneEvery is how often old runs and threads are forgotten.
	pruneEvery = 5 * time.Minute
	// pruneBatch bounds how many go in one transaction, which the other changes of the store wait for.
	pruneBatch = 50
)

// retain forgets old runs at once and then every few minutes, until ctx ends.
func (a *Agent) retain(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := a.prune(ctx); err != nil && ctx.Err() == nil {
			a.deps.Logger.Warn("forgetting old runs failed, trying again later", "wait", pruneEvery, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// prune forgets old runs, and threads whose own time has come.
func (a *Agent) prune(ctx context.Context) error {
	for {
		if n, err := a.backend.Expire(ctx, pruneBatch); err != nil {
			return err
		} else if n < pruneBatch {
			break
		}
	}
	if a.cfg.Retention == 0 {
		return nil
	}
	before := a.deps.Now().Add(-a.cfg.Retention)
	for {
		if n, err := a.store.Prune(ctx, before, pruneBatch); err != nil || n < pruneBatch {
			return err
		}
	}
}
