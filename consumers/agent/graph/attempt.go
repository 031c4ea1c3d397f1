package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// attempt calls the node once, on a copy of the task: a node that heeds neither a cancellation nor its time is left behind
// after the grace, and can then no longer touch the run.
func (e *Engine) attempt(ctx context.Context, c *cursor, n *node, x *execution, attempt int) error {
	task := *x.task
	task.Attempt, task.Recovered = attempt, task.Recovered || attempt > 1
	if c.req.Observe != nil {
		m := &mouth{tell: func(data any) {
			if c.ran.where.Load() != left {
				c.observe(Event{Kind: EventCustom, Checkpoint: x.head, Task: x.info(nil), Data: data})
			}
		}}
		task.emit = m.say
		defer m.shut()
	}
	if n.timeout != (TimeoutPolicy{}) {
		var stop func()
		ctx, stop = watch(ctx, n.timeout, &task)
		defer stop()
	}
	var r called
	if x.alone && n.timeout == (TimeoutPolicy{}) {
		c.ran.enter(c.state)
		r = call(ctx, n.fn, &task)
		if !c.ran.exit() {
			return errLeft
		}
	} else {
		r = e.apart(ctx, n.fn, &task)
	}
	x.update = r.update
	if cause := context.Cause(ctx); r.err != nil && errors.Is(cause, ErrTimeout) && !errors.Is(r.err, ErrTimeout) {
		return fmt.Errorf("%w: %w", cause, r.err)
	}
	return r.err
}

// apart calls a node that has siblings, or a time, in a goroutine of its own.
func (e *Engine) apart(ctx context.Context, fn NodeFunc, task *Task) (r called) {
	done := make(chan called, 1)
	go func() { done <- call(ctx, fn, task) }()
	select {
	case r = <-done:
	case <-ctx.Done():
		grace := time.NewTimer(e.cfg.Grace)
		defer grace.Stop()
		select {
		case r = <-done:
		case <-grace.C:
			r.err = fmt.Errorf("%w: the node did not stop within %s", context.Cause(ctx), e.cfg.Grace)
		}
	}
	return r
}

// mouth tells what a node emits until the attempt is over: its result is the last that is heard of it.
type mouth struct {
	mu     sync.Mutex
	closed bool
	tell   func(any)
}

func (m *mouth) say(data any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.tell(data)
	}
}

func (m *mouth) shut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// watch ends an attempt that takes too long.
func watch(ctx context.Context, p TimeoutPolicy, t *Task) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var timers []*time.Timer
	if p.Run > 0 {
		timers = append(timers, time.AfterFunc(p.Run, func() { cancel(fmt.Errorf("%w after %s", ErrTimeout, p.Run)) }))
	}
	if p.Idle > 0 {
		idle := time.AfterFunc(p.Idle, func() { cancel(fmt.Errorf("%w: no sign of life for %s", ErrTimeout, p.Idle)) })
		t.alive = func() { idle.Reset(p.Idle) }
		timers = append(timers, idle)
	}
	return ctx, func() {
		for _, timer := range timers {
			timer.Stop()
		}
		cancel(nil)
	}
}

type called struct {
	update Update
	err    error
}

func call(ctx context.Context, fn NodeFunc, t *Task) (r called) {
	defer recovering(&r.err)
	r.update, r.err = fn(ctx, t)
	return r
}

// recovering makes a panic of what the graph's author wrote an error: the run fails, the other runs of the process go on.
func recovering(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
