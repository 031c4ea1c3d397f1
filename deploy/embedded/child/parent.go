package child

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"
)

// UntilParentExits is for the program that is supervised: main calls it once, with os.Stdin.
// The context ends at SIGTERM, SIGINT, or when stdin ends because the parent is gone.
// A goroutine keeps reading stdin until it ends; that is the rest of the program's life.
func UntilParentExits(ctx context.Context, stdin io.Reader) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	ctx, end := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		// Not stop: when the parent dies a signal may come, too, and with its handler gone it would cut
		// the program's close short.
		end()
	}()
	return ctx, func() { end(); stop() }
}

// PrintReady tells the parent that the program serves on addr.
func PrintReady(stdout io.Writer, addr string) error {
	if _, err := fmt.Fprintf(stdout, "%s%s\n", readyPrefix, addr); err != nil {
		return fmt.Errorf("printing the ready line: %w", err)
	}
	return nil
}
