package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// Options say what Main serves.
type Options struct {
	// DataDir holds the log. It is made when missing. Required.
	DataDir string
	// Addr is where to listen: host 127.0.0.1 or localhost; port 0 takes a free one. Required.
	Addr string
	// LockWait is how long to wait for an earlier broker to let go of DataDir. Zero tries once.
	LockWait time.Duration
	// Stdin ends Main when it ends. Defaults to os.Stdin.
	Stdin io.Reader
	// Stdout receives the line "ready HOST:PORT". Defaults to os.Stdout.
	Stdout io.Writer
	// Logger receives the broker's complaints. Required.
	Logger *slog.Logger
}

const (
	// memoryLimit keeps a restart over a log of GBs small: without it 1.2 GB of log took 1.2 GiB for good.
	memoryLimit = 256 << 20
	lockName    = "ragline.lock"
)

// Main serves a broker until ctx ends, SIGTERM or SIGINT comes or Stdin ends, and then closes it.
// It is the whole life of a process: it sets the process's memory limit.
func Main(ctx context.Context, opts Options) error {
	if err := opts.setDefaults(); err != nil {
		return err
	}
	ctx, stop := child.UntilParentExits(ctx, opts.Stdin)
	defer stop()
	release, err := lockDir(ctx, opts.DataDir, opts.LockWait)
	if err != nil {
		return err
	}
	defer release()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	cluster, err := open(opts)
	if err != nil {
		return err
	}
	defer cluster.Close()
	if err := child.PrintReady(opts.Stdout, cluster.ListenAddrs()[0]); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (o *Options) setDefaults() error {
	if o.DataDir == "" {
		return errNoDataDir
	}
	if o.Logger == nil {
		return errNoLogger
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	return nil
}

// lockDir makes the directory and takes it for this process: kfake itself lets two brokers write one log.
func lockDir(ctx context.Context, dir string, wait time.Duration) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making data directory: %w", err)
	}
	release, err = child.FileLock(ctx, filepath.Join(dir, lockName), wait)
	if err != nil {
		return nil, explainLock(dir, err)
	}
	return release, nil
}

// open starts kfake on the directory, which must be locked.
func open(opts Options) (*kfake.Cluster, error) {
	port, err := portOf(opts.Addr)
	if err != nil {
		return nil, err
	}
	// Group members that a clean shutdown wrote down count as alive again after the start, and a rebalance
	// waits for them until their session times out: a restarted consumer read nothing for 44.9 s.
	if err := forget(opts.DataDir, "session_state.json"); err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(clusterOptions(port, opts)...)
	if err != nil {
		return nil, explainListen(opts.Addr, err)
	}
	refuseTransactions(cluster, opts.Logger)
	// Sequence numbers are written on a clean shutdown only. Left behind, they would be stale after a later
	// kill -9 and the broker would refuse a live producer's next batch as out of order.
	if err := forget(opts.DataDir, "seq_windows.json"); err != nil {
		cluster.Close()
		return nil, err
	}
	debug.FreeOSMemory() // what reading the log took
	return cluster, nil
}

func forget(dir, name string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing stale broker state: %w", err)
	}
	return nil
}
