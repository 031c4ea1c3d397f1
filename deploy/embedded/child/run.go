package child

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// readyPrefix opens the line by which a program says that it serves.
const readyPrefix = "ready "

var errReadyTimeout = errors.New("not ready in time")

// run is one life of the program.
type run struct {
	cmd    *exec.Cmd
	stderr tail

	started chan error    // one value: the result of exec
	ready   chan string   // at most one value: the address
	exited  chan struct{} // closed when the process is gone and its output read
	exitErr error         // valid once exited is closed
	cancel  context.CancelCauseFunc
}

// startRun execs the program and returns when it runs or could not be started.
func startRun(cfg *Config, addr string) (*run, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	r := &run{
		started: make(chan error, 1),
		ready:   make(chan string, 1),
		exited:  make(chan struct{}),
		cancel:  cancel,
	}
	r.cmd = exec.CommandContext(ctx, cfg.Path, cfg.Args(addr)...)
	r.cmd.Env, r.cmd.Dir = cfg.Env, cfg.Dir
	r.cmd.Cancel = func() error { return r.cmd.Process.Signal(syscall.SIGTERM) }
	r.cmd.WaitDelay = cfg.Grace // SIGKILL this long after Cancel
	r.cmd.SysProcAttr = procAttr()
	go r.live(cfg)
	if err := <-r.started; err != nil {
		<-r.exited
		return nil, fmt.Errorf("starting %s: %w", cfg.Name, err)
	}
	return r, nil
}

// live execs and waits on one locked thread:
// Linux sends the parent-death signal when the thread that forked ends, not when the process does.
func (r *run) live(cfg *Config) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(r.exited)
	defer r.cancel(nil)

	stdout := &lineWriter{emit: func(line string) { r.gotLine(cfg, StreamStdout, line) }}
	stderr := &lineWriter{emit: func(line string) { r.gotLine(cfg, StreamStderr, line) }}
	r.cmd.Stdout, r.cmd.Stderr = stdout, stderr
	// The pipe is held open, never written: its end is how the program learns that we are gone.
	if _, err := r.cmd.StdinPipe(); err != nil {
		r.started <- err
		return
	}
	if err := r.cmd.Start(); err != nil {
		r.started <- err
		return
	}
	r.started <- nil
	r.exitErr = r.cmd.Wait() // closes the pipe
	stdout.Flush()
	stderr.Flush()
}

func (r *run) gotLine(cfg *Config, stream Stream, line string) {
	cfg.OnLine(stream, line)
	if stream == StreamStderr {
		r.stderr.add(line)
		return
	}
	if addr, ok := strings.CutPrefix(line, readyPrefix); ok {
		select {
		case r.ready <- strings.TrimSpace(addr):
		default: // a second ready line means nothing
		}
	}
}

// waitReady returns the address; on an error the process is gone.
func (r *run) waitReady(ctx context.Context, cfg *Config) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.ReadyTimeout, errReadyTimeout)
	defer cancel()
	addr, err := r.awaitReady(ctx, cfg)
	if err == nil {
		return addr, nil
	}
	r.stop()
	return "", fmt.Errorf("waiting for %s to be ready: %w%s", cfg.Name, err, r.lastWords())
}

func (r *run) awaitReady(ctx context.Context, cfg *Config) (string, error) {
	if cfg.Probe == nil {
		select {
		case addr := <-r.ready:
			return addr, nil
		case <-r.exited:
			return "", r.exit()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	tick := time.NewTicker(cfg.ProbeEvery)
	defer tick.Stop()
	for {
		if err := cfg.Probe(ctx); err == nil {
			return "", nil
		}
		select {
		case <-tick.C:
		case <-r.exited:
			return "", r.exit()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// stop ends the process: SIGTERM, then SIGKILL after the grace.
func (r *run) stop() {
	r.cancel(nil)
	<-r.exited
}

// exit describes an exit nobody asked for.
func (r *run) exit() error {
	if r.exitErr == nil {
		return errors.New("exited with status 0")
	}
	return fmt.Errorf("exited: %w", r.exitErr)
}

func (r *run) lastWords() string {
	if words := r.stderr.String(); words != "" {
		return ": " + words
	}
	return ""
}
