package backend

import (
	"context"
	"sync"
)

// gate lets one in at a time for each thread of this process.
type gate struct {
	mu    sync.Mutex
	doors map[string]*door
}

type door struct {
	free  chan struct{} // full while nobody is in
	users int
}

func newGate() *gate { return &gate{doors: map[string]*door{}} }

// enter waits for its turn and returns how to leave.
func (g *gate) enter(ctx context.Context, key string) (func(), error) {
	g.mu.Lock()
	d := g.doors[key]
	if d == nil {
		d = &door{free: make(chan struct{}, 1)}
		d.free <- struct{}{}
		g.doors[key] = d
	}
	d.users++
	g.mu.Unlock()
	select {
	case <-d.free:
		return func() { d.free <- struct{}{}; g.drop(key, d) }, nil
	case <-ctx.Done():
		g.drop(key, d)
		return nil, ctx.Err()
	}
}

func (g *gate) drop(key string, d *door) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(g.doors, key)
	}
}
