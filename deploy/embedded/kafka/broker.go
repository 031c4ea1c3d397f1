package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/ragline/ragline/deploy/embedded/child"
)

const (
	defaultLockWait = 10 * time.Second
	// readyTimeout covers reading a log of some GB: 1.2 GB takes about a second on a calm machine.
	readyTimeout = 2 * time.Minute
	// closeGrace covers writing the broker's state; after it the broker is killed, which loses nothing.
	closeGrace = 10 * time.Second
)

// Broker is a running broker process. Its methods may be called from any goroutine.
type Broker struct{ process *child.Process }

// Start starts the broker and returns once it serves. ctx bounds only that wait; the broker lives until Close or
// until this process ends, however it ends. A broker that dies is started again on the same port.
// The error is an *[AddrInUseError] or a *[DataDirInUseError] when that is the reason.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (*Broker, error) {
	if err := cfg.setDefaults(logger); err != nil {
		return nil, err
	}
	if err := cfg.probe(ctx); err != nil {
		return nil, err
	}
	process, err := child.Start(ctx, child.Config{
		Name:         "broker",
		Path:         cfg.Executable,
		Args:         cfg.args,
		Env:          cfg.Env,
		ReadyTimeout: readyTimeout,
		Grace:        closeGrace,
		Logger:       logger,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the embedded broker: %w", err)
	}
	return &Broker{process}, nil
}

// Addr is the bootstrap address. It stays the same across restarts.
func (b *Broker) Addr() string { return b.process.Addr() }

// Restarts is how often the broker was ready again after it had died.
func (b *Broker) Restarts() int { return b.process.Restarts() }

// PID is the broker's process id, 0 between two lives.
func (b *Broker) PID() int { return b.process.PID() }

// Wait returns nil as soon as the broker serves, and [child.ErrStopped] after Close.
func (b *Broker) Wait(ctx context.Context) error { return b.process.Wait(ctx) }

// Close ends the broker and returns when it is gone. It may be called twice.
func (b *Broker) Close() error {
	b.process.Stop()
	return nil
}

func (c *Config) setDefaults(logger *slog.Logger) error {
	if logger == nil {
		return errNoLogger
	}
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Executable == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("finding the running program: %w", err)
		}
		c.Executable = self
	}
	if c.Args == nil {
		c.Args = []string{"broker"}
	}
	if c.LockWait == 0 {
		c.LockWait = defaultLockWait
	}
	return nil
}

// probe finds the two common reasons for a broker that cannot start, so that they are told as typed errors.
// The broker itself checks again.
func (c *Config) probe(ctx context.Context) error {
	release, err := lockDir(ctx, c.DataDir, c.LockWait)
	if err != nil {
		return err
	}
	release()
	port, err := portOf(c.Addr)
	if err != nil {
		return err
	}
	return checkFree(port)
}

// args keeps the port that the first life was given.
func (c *Config) args(addr string) []string {
	if addr == "" {
		addr = c.Addr
	}
	return append(append([]string(nil), c.Args...), "--data-dir="+c.DataDir, "--addr="+addr)
}
