package mcp

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/agent/tool"
)

// Set is the servers of a file.
type Set struct {
	servers []*server
}

// Open reads the file. It starts and connects to nothing; without a file the set is empty.
func Open(cfg Config, logger *slog.Logger) (*Set, error) {
	s := &Set{}
	if cfg.File == "" {
		return s, nil
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	configs, err := load(cfg.File)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		s.servers = append(s.servers, newServer(name, configs[name], logger))
	}
	return s, nil
}

// firstWait bounds how long the agent waits for its servers. The tools of slower ones come later.
const firstWait = 15 * time.Second

// Run keeps the servers running until ctx ends, and then stops them. It calls tried, once, when each server has listed its
// tools or has failed to for the first time, or after firstWait.
func (s *Set) Run(ctx context.Context, tried func()) {
	var all sync.WaitGroup
	first := make(chan struct{}, len(s.servers))
	for _, one := range s.servers {
		all.Go(func() { one.run(ctx, sync.OnceFunc(func() { first <- struct{}{} })) })
	}
	limit := time.NewTimer(firstWait)
	defer limit.Stop()
	for range s.servers {
		select {
		case <-first:
			continue
		case <-limit.C:
		}
		break
	}
	tried()
	all.Wait()
}

// Tools are those that the servers have listed, in the order of the servers' names. The list may change at any time.
func (s *Set) Tools() []tool.Tool {
	var out []tool.Tool
	for _, one := range s.servers {
		out = append(out, one.listed()...)
	}
	return out
}
