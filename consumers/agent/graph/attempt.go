package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// attempt calls the node once. The call has a goroutine and a copy of the task of its own: a node that heeds neither a
// cancellation nor its time is left behind after the grace, and can then no longer touch the run.
func (e *Engine) attempt(ctx context.Context, c *cursor, n *node, x *execution, attempt int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	task, left := *x.task, &atomic.Bool{}
	task.Attempt, task.Recovered = attempt, task.Recovered || attempt > 1
	task.emit = func(data any) {
		if !left.Load() {
			c.observe(Event{Kind: EventCustom, Checkpoint: &c.head, Task: x.info(nil), Data: data})
		}
	}
	stop := watch(n.timeout, &task, cancel)
	defer stop()
	done := make(chan called, 1)
	go func() { done <- call(ctx, n.fn, &task) }()
	var r called
	select {
	case r = <-done:
	case <-ctx.Done():
		grace := time.NewTimer(e.cfg.Grace)
		defer grace.Stop()
		select {
		case r = <-done:
		case <-grace.C:
			left.Store(true)
			r.err = fmt.Errorf("%w: the node did not stop within %s", context.Cause(ctx), e.cfg.Grace)
		}
	}
	x.update = r.update
	if cause := context.Cause(ctx); r.err != nil && errors.Is(cause, ErrTimeout) && !errors.Is(r.err, ErrTimeout) {
		return fmt.Errorf("%w: %w", cause, r.err)
	}
	return r.err
}

// watch ends an attempt that takes too long.
func watch(p TimeoutPolicy, t *Task, cancel context.CancelCauseFunc) (stop func()) {
	var timers []*time.Timer
	if p.Run > 0 {
		timers = append(timers, time.AfterFunc(p.Run, func() { cancel(fmt.Errorf("%w after %s", ErrTimeout, p.Run)) }))
	}
	if p.Idle > 0 {
		idle := time.AfterFunc(p.Idle, func() { cancel(fmt.Errorf("%w: no sign of life for %s", ErrTimeout, p.Idle)) })
		t.alive = func() { idle.Reset(p.Idle) }
		timers = append(timers, idle)
	}
	return func() {
		for _, timer := range timers {
			timer.Stop()
		}
	}
}

type called struct {
	update Update
	err    error
}

// call runs a node. A panic becomes the node's error: the run fails, the other runs of the process go on.
func call(ctx context.Context, fn NodeFunc, t *Task) (r called) {
	defer func() {
		if p := recover(); p != nil {
			r = called{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	r.update, r.err = fn(ctx, t)
	return r
}
