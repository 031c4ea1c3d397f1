package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// Stuck is the p99 in milliseconds of short runs alone, and of as many beside a run whose node does not return.
// They alternate, so that both meet the same moments of the machine.
func Stuck(ctx context.Context, runs int, dir string) (alone, beside float64, err error) {
	store, err := checkpoint.OpenSQLite(ctx, filepath.Join(dir, "stuck.db"))
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	engine, err := graph.NewEngine(loop(2), store, graph.Config{})
	if err != nil {
		return 0, 0, err
	}
	run := func(e *graph.Engine, thread string) (time.Duration, error) {
		begun := time.Now()
		req := graph.Request{ThreadID: thread, RunID: thread}
		if _, err := store.Accept(ctx, checkpoint.Acceptance{Run: checkpoint.Run{ID: thread, ThreadID: thread, CreatedAt: begun}}); err != nil {
			return 0, err
		}
		_, err := e.Run(ctx, req)
		return time.Since(begun), err
	}
	var walls [2][]time.Duration
	const block = 50
	for n := 0; n < runs; n += block {
		for half := range walls {
			release := func() error { return nil }
			if half == 1 {
				if release, err = hang(store, run, n); err != nil {
					return 0, 0, err
				}
			}
			more, err := many(4, block, func(i int) (time.Duration, error) { return run(engine, fmt.Sprint(half, " ", n+i)) })
			if err != nil {
				return 0, 0, err
			}
			walls[half] = append(walls[half], more...)
			if err := release(); err != nil {
				return 0, 0, err
			}
		}
	}
	return quantile(walls[0], .99), quantile(walls[1], .99), nil
}

// hang begins a run whose only node waits until it is released.
func hang(store checkpoint.Store, run func(*graph.Engine, string) (time.Duration, error), n int) (func() error, error) {
	inside, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	engine, err := graph.NewEngine(graph.New().Node("stuck", func(context.Context, *graph.Task) (graph.Update, error) {
		close(inside)
		<-end
		return graph.Update{}, nil
	}).Edge(graph.Start, "stuck"), store, graph.Config{})
	if err != nil {
		return nil, err
	}
	go func() {
		_, err := run(engine, "stuck "+strconv.Itoa(n))
		done <- err
	}()
	select {
	case <-inside:
	case err := <-done:
		return nil, err
	}
	return func() error { close(end); return <-done }, nil
}
