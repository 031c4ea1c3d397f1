// Command ragline runs and operates the event log for LLM answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/cmd/internal/term"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // wrong arguments or settings; nothing was started
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &cli{out: term.New(os.Stdout), err: term.New(os.Stderr)})
	stop()
	os.Exit(code)
}

// run executes one command and returns the exit code.
func run(ctx context.Context, args []string, c *cli) int {
	root := newRoot(c)
	root.SetArgs(args)
	root.SetOut(c.out.Writer())
	root.SetErr(c.err.Writer())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(c.err.Writer(), c.err.Bad("ragline:"), term.Clean(err.Error()))
	}
	var usage *usageError
	if errors.As(err, &usage) || errors.Is(err, app.ErrConfig) {
		return exitUsage
	}
	return exitFailure
}
