package httpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Serve serves on l until ctx ends, then calls stopping, which is to end long requests, and gives the open ones grace.
// Its error is nil after an orderly end.
func Serve(ctx context.Context, l net.Listener, server *http.Server, grace time.Duration, stopping func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopping()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := server.Shutdown(bounded)
		if err != nil {
			err = errors.Join(fmt.Errorf("ending open requests: %w", err), server.Close())
		}
		stopped <- err
	}()
	err := server.Serve(l)
	stop()
	if down := <-stopped; errors.Is(err, http.ErrServerClosed) {
		return down
	}
	return fmt.Errorf("serving on %s: %w", l.Addr(), err)
}
