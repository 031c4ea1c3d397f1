package graph

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// errLeft stops a run whose node came back after everybody had gone.
var errLeft = errors.New("the run was left behind")

// Where the goroutine of a run is. Only the engine's own code may touch the store, only a node can be left behind.
const (
	inEngine int32 = iota
	inNode
	left
)

// ran is the goroutine of a run. It calls the node of a super-step with one task itself: a goroutine for each call would cost
// a quarter of a durable step. So it is Run that must be able to go.
type ran struct {
	where atomic.Int32
	state State
	done  chan result
}

type result struct {
	out Outcome
	err error
}

// enter says that a node is about to be called at a state.
func (r *ran) enter(s State) {
	r.state = s
	r.where.Store(inNode)
}

// exit says whether the run goes on after a node's call.
func (r *ran) exit() bool { return r.where.CompareAndSwap(inNode, inEngine) }

// wait returns what the run comes to. When ctx ends and the node that is being called does not heed it, the run is left
// behind after the grace, and can then no longer touch the store.
func (r *ran) wait(ctx context.Context, grace time.Duration) (Outcome, error) {
	select {
	case got := <-r.done:
		return got.out, got.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case got := <-r.done:
		return got.out, got.err
	case <-timer.C:
	}
	if r.where.CompareAndSwap(inNode, left) {
		return Outcome{State: r.state}, fmt.Errorf("%w: the node did not stop within %s", context.Cause(ctx), grace)
	}
	got := <-r.done // it is storing something, or about to see that ctx has ended
	return got.out, got.err
}
