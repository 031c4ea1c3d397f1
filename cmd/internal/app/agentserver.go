package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
)

// langgraphJSON is read from the working directory where it is there, as LangGraph's own server does.
const langgraphJSON = "langgraph.json"

// serverGrace is how long requests may take to end at shutdown. Streams end at once: clients join them again.
const serverGrace = 3 * time.Second

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
	handler, err := api.New(s.cfg.AgentAPI, api.Deps{
		Graphs: []api.Graph{a.Served()}, Backend: a.Backend(), Settings: settings, Logger: s.logger,
	})
	if err != nil {
		return agentServer{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return agentServer{func(ctx context.Context) error { return s.serveAgent(ctx, handler, ready) }, ready}, nil
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

func (s *System) serveAgent(ctx context.Context, handler http.Handler, ready chan<- struct{}) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.AgentAPI.Addr)
	if err != nil {
		return fmt.Errorf("listening on RAGLINE_AGENT_API_ADDR=%s: %w", s.cfg.AgentAPI.Addr, err)
	}
	s.agentAPI = l.Addr().String()
	close(ready)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), serverGrace)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // what is open has been told to end
		}
		stopped <- nil
	})
	err = server.Serve(l)
	if stop() { // it has ended by itself
		return fmt.Errorf("serving the agent on %s: %w", s.agentAPI, err)
	}
	return <-stopped
}
