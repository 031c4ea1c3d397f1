package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ragline/ragline/producers/httpd"
)

// shutdownTimeout is how long open requests may go on after the end was asked for. Those that follow a run end at once.
const shutdownTimeout = 5 * time.Second

// Addr is the address that Run listens on, or "" before it does.
func (s *Server) Addr() string {
	s.listener.Lock()
	defer s.listener.Unlock()
	if s.listener.Listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Listen takes the address. Run does it where the caller has not: call it first to know Addr, and that the port is free, before Run.
func (s *Server) Listen(ctx context.Context) error {
	s.listener.Lock()
	defer s.listener.Unlock()
	if s.listener.Listener != nil {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listening on RAGLINE_AGENT_API_ADDR=%s: %w", s.cfg.Addr, err)
	}
	s.listener.Listener = l
	return nil
}

// Run serves until ctx ends. It may be called once. Runs that clients follow go on; clients join them again.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	return httpd.Serve(ctx, s.listener.Listener, server, shutdownTimeout, func() { close(s.stopping) })
}
