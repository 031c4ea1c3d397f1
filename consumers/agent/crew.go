package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// statusElsewhere is what becomes of a run here that another process works on, or whose turn it is not.
const statusElsewhere checkpoint.Status = "elsewhere"

// outboxLease is the key of the lease of the one process that publishes.
const outboxLease = "outbox"

// crew keeps this process apart from the others that work on a shared store. Each thread is leased for as long as a worker
// has it, and commits are fenced by the lease: what a process does that was taken for dead is refused.
type crew struct {
	store checkpoint.Store
	owner string
	ttl   time.Duration
	now   func() time.Time
	// publisher is the epoch under which this process publishes, or 0; renewed is when its lease was last known to hold, in
	// nanoseconds.
	publisher, renewed atomic.Int64
}

func newCrew(store checkpoint.Store, ttl time.Duration) *crew {
	host, _ := os.Hostname() // for people who read the table
	return &crew{store: store, owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()), ttl: ttl, now: time.Now}
}

// claim leases the thread of a run if it is the run's turn. A nil lease with true means that the store has no other users.
func (c *crew) claim(ctx context.Context, run checkpoint.Run) (*checkpoint.Lease, bool, error) {
	if !c.store.Shared() {
		return nil, true, nil
	}
	lease, err := c.store.Claim(ctx, run.ThreadID, c.owner, c.ttl)
	if errors.Is(err, checkpoint.ErrLeased) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("leasing thread %s: %w", run.ThreadID, err)
	}
	turn, err := c.store.Turn(ctx, run.ThreadID)
	if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
		return nil, false, errors.Join(fmt.Errorf("looking whose turn it is on thread %s: %w", run.ThreadID, err), c.release(ctx, &lease))
	}
	if turn.ID != run.ID {
		return nil, false, c.release(ctx, &lease)
	}
	return &lease, true, nil
}

// release gives a lease back, also when ctx has ended: until it runs out nobody else may work on the thread.
func (c *crew) release(ctx context.Context, l *checkpoint.Lease) error {
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ttl)
	defer cancel()
	return c.store.Release(ctx, *l)
}

// publish waits until this process is the one that publishes.
func (c *crew) publish(ctx context.Context) error {
	for c.store.Shared() {
		begun := c.now()
		lease, err := c.store.Claim(ctx, outboxLease, c.owner, c.ttl)
		if err == nil {
			c.publisher.Store(lease.Epoch)
			c.renewed.Store(begun.UnixNano())
			return nil
		}
		if !errors.Is(err, checkpoint.ErrLeased) {
			return fmt.Errorf("leasing the outbox: %w", err)
		}
		pause(ctx, c.ttl/3)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// stay renews the publisher's lease. Under another epoch somebody else has published in between: then this process does
// not go on, but begins a round of its own, by reading back.
func (c *crew) stay(ctx context.Context) error {
	epoch := c.publisher.Load()
	if epoch == 0 {
		return nil
	}
	begun := c.now()
	lease, err := c.store.Claim(ctx, outboxLease, c.owner, c.ttl)
	switch {
	case err == nil && lease.Epoch == epoch:
		c.renewed.Store(begun.UnixNano())
		return nil
	case err == nil || errors.Is(err, checkpoint.ErrLeased):
		c.publisher.CompareAndSwap(epoch, 0)
		c.renewed.Store(0)
		return nil
	}
	return fmt.Errorf("renewing the lease of the outbox: %w", err)
}

// errPublisher means that another process may be publishing by now.
var errPublisher = errors.New("the lease of the outbox is not known to hold")

// publishing bounds a request of the publisher by the time for which its lease holds for certain.
func (c *crew) publishing(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if !c.store.Shared() {
		return ctx, func() {}, nil
	}
	left := c.ttl*publishShare/leaseShare - c.now().Sub(time.Unix(0, c.renewed.Load()))
	if left <= 0 {
		return ctx, nil, errPublisher
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	return ctx, cancel, nil
}

// A lease is renewed leaseShare times in its time to live, and trusted for publishShare parts of it: what a publisher has
// on its way then has the rest to arrive before another process takes over and reads back.
const leaseShare, publishShare = 5, 2

// lookEvery is how often the publisher looks for messages of other processes.
const lookEvery = 200 * time.Millisecond

// look fires when it is time to look for what other processes have stored, and never where there are none.
func (c *crew) look() <-chan time.Time {
	if !c.store.Shared() {
		return nil
	}
	return time.After(lookEvery)
}

// keep renews the leases until ctx ends.
func (a *Agent) keep(ctx context.Context) {
	if !a.store.Shared() {
		return
	}
	tick := time.NewTicker(a.crew.ttl / leaseShare)
	defer tick.Stop()
	for {
		err := errors.Join(a.crew.stay(ctx), a.store.Renew(ctx, a.crew.owner, a.crew.ttl))
		if err != nil && ctx.Err() == nil {
			a.deps.Logger.Warn("renewing leases failed, trying again", "error", err)
		}
		if err := a.scan(ctx); err != nil && ctx.Err() == nil {
			a.deps.Logger.Warn("looking for runs of other processes failed, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// scan takes up what other processes have left: runs that nobody works on, and decisions that were stored elsewhere.
func (a *Agent) scan(ctx context.Context) error {
	waiting := map[string]bool{}
	err := a.unfinished(ctx, checkpoint.StatusInterrupted, func(e entry) bool {
		waiting[e.runID] = true
		return true
	})
	if err != nil {
		return err
	}
	for _, e := range a.schedule.people() {
		if !waiting[e.runID] {
			a.schedule.resume(e.runID, e.threadID) // decided, or ended, elsewhere
		}
	}
	return errors.Join(a.fill(ctx), a.backend.Sweep(ctx))
}
