package front

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// drain is how long running requests may take to finish at the end.
	drain         = 8 * time.Second
	headerTimeout = 30 * time.Second
	idleTimeout   = 2 * time.Minute
)

// Serve serves on addr until ctx ends, calling ready with the address once it listens.
// Requests that still run after 8 s are cancelled.
func Serve(ctx context.Context, cfg Config, addr string, ready func(addr string) error) error {
	if err := checkLoopback(addr); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer listener.Close()
	server, err := New(cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	requests, cancelRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelRequests()
	hs := &http.Server{
		Handler:           server,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- hs.Serve(listener) }()
	if err := ready(listener.Addr().String()); err != nil {
		_ = hs.Close()
		<-served
		return err
	}
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	err = shutDown(hs, cancelRequests)
	<-served
	return err
}

// shutDown waits for running requests, then cancels them and waits a little more for their queries to end.
func shutDown(hs *http.Server, cancelRequests func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err := hs.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	cancelRequests()
	ctx, cancel = context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := hs.Shutdown(ctx); err != nil {
		return fmt.Errorf("stopping with requests still running: %w", err)
	}
	return nil
}

func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading the address: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listening on %s: only loopback addresses are allowed, such as 127.0.0.1:0", addr)
	}
	return nil
}
