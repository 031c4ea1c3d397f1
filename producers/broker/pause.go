package broker

import (
	"context"
	"time"
)

// Pause waits for d and returns nil, or the error of ctx when that ends first. It goes with Backoff.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
