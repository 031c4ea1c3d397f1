package agent

import (
	"context"
	"time"
)

const (
	// pruneEvery is how often old runs are forgotten.
	pruneEvery = time.Hour
	// pruneBatch bounds how many go in one transaction, which the other changes of the store wait for.
	pruneBatch = 50
)

// retain forgets old runs at once and then every hour, until ctx ends.
func (a *Agent) retain(ctx context.Context) {
	if a.cfg.Retention == 0 {
		return
	}
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

func (a *Agent) prune(ctx context.Context) error {
	before := a.deps.Now().Add(-a.cfg.Retention)
	for {
		if n, err := a.store.Prune(ctx, before, pruneBatch); err != nil || n < pruneBatch {
			return err
		}
	}
}
