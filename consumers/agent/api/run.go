package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
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
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		close(s.stopping)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		err := server.Shutdown(grace)
		if err != nil {
			err = errors.Join(fmt.Errorf("ending open requests: %w", err), server.Close())
		}
		stopped <- err
	}()
	err := server.Serve(s.listener.Listener)
	stop()
	if down := <-stopped; errors.Is(err, http.ErrServerClosed) {
		return down
	}
	return fmt.Errorf("serving on %s: %w", s.Addr(), err)
}
