package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/producers/mask"
)

// langgraphJSON is read from the working directory where it is there, as LangGraph's own server does.
const langgraphJSON = "langgraph.json"

// agentServer is the agent's LangGraph API on its address.
type agentServer struct {
	run   func(ctx context.Context) error
	ready chan struct{}
}

func (s *System) agentServer(a *agent.Agent) (agentServer, error) {
	ready := make(chan struct{})
	if s.cfg.AgentAPI.Addr == "" {
		close(ready)
		return agentServer{func(context.Context) error { return nil }, ready}, nil
	}
	settings, err := readLangGraphJSON()
	if err != nil {
		return agentServer{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	masker, err := mask.New(s.cfg.Mask)
	if err != nil {
		return agentServer{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	server, err := api.New(s.cfg.AgentAPI, api.Deps{
		Graphs: []api.Graph{a.Served()}, Backend: a.Backend(), Settings: settings, Masker: masker, Logger: s.logger,
	})
	if err != nil {
		return agentServer{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return agentServer{func(ctx context.Context) error { return s.serveAgent(ctx, server, ready) }, ready}, nil
}

func readLangGraphJSON() (api.Settings, error) {
	raw, err := os.ReadFile(langgraphJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return api.Settings{}, nil
	}
	if err != nil {
		return api.Settings{}, err
	}
	return api.ReadSettings(raw, os.ReadFile)
}

func (s *System) serveAgent(ctx context.Context, server *api.Server, ready chan<- struct{}) error {
	if err := server.Listen(ctx); err != nil {
		return err
	}
	s.agentAPI = server.Addr()
	close(ready)
	return server.Run(ctx)
}
