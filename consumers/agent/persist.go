package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/producers/broker"
)

// persist makes a change of the store, as often as it takes: a disk that is full is no fault of the event, and the
// runtime would make it a dead letter after a few tries. It gives up when ctx ends and when the store is closed.
func (a *Agent) persist(ctx context.Context, what string, change func() error) error {
	wait := broker.Backoff()
	for warned := false; ; warned = true {
		err := change()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, checkpoint.ErrClosed) {
			return fmt.Errorf("%s: %w", what, err)
		}
		if !warned {
			a.deps.Logger.Warn("the store cannot be written, trying until it can", "doing", what, "error", err)
		}
		pause(ctx, wait.NextBackOff())
	}
}
