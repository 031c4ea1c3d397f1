package child

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// ErrStopped is what Wait returns after Stop.
var ErrStopped = errors.New("process was stopped")

// Process is a supervised program. Its methods may be called from any goroutine.
type Process struct {
	cfg      Config
	life     context.Context // ends with Stop
	end      context.CancelFunc
	done     chan struct{}
	restarts atomic.Int64

	mu      sync.Mutex
	addr    string
	current *run          // nil between two lives
	readyCh chan struct{} // closed while the program is ready
}

// Start starts the program and returns once it is ready.
// ctx bounds only that wait; afterwards the program lives until Stop.
// A program that ends before it was ready once is an error and is not tried again.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	life, end := context.WithCancel(context.Background())
	p := &Process{cfg: cfg, life: life, end: end, done: make(chan struct{}), readyCh: make(chan struct{})}
	r, err := p.startOnce(ctx)
	if err != nil {
		end()
		return nil, err
	}
	go p.supervise(r)
	return p, nil
}

// Addr is the address of the last ready line; empty when Config.Probe is used.
func (p *Process) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

// PID is the process id of the running program, 0 between two lives.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return 0
	}
	return p.current.cmd.Process.Pid
}

// Restarts is how often the program was ready again after it had died.
func (p *Process) Restarts() int { return int(p.restarts.Load()) }

// Wait returns nil as soon as the program is ready, at once if it is,
// [ErrStopped] after Stop, and the context's error when that comes first.
func (p *Process) Wait(ctx context.Context) error {
	p.mu.Lock()
	ready := p.readyCh
	p.mu.Unlock()
	if p.life.Err() != nil {
		return ErrStopped
	}
	select {
	case <-ready:
		return nil
	case <-p.life.Done():
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop ends the program with SIGTERM, and with SIGKILL after Config.Grace.
// It returns when the program is gone and may be called twice.
func (p *Process) Stop() {
	p.end()
	<-p.done
}

// Done is closed when the program is gone for good, that is after Stop.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) startOnce(ctx context.Context) (*run, error) {
	r, err := startRun(&p.cfg, p.Addr())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.current = r
	p.mu.Unlock()
	addr, err := r.waitReady(ctx, &p.cfg)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.current = nil
		return nil, err
	}
	p.addr = addr
	close(p.readyCh)
	return r, nil
}

// supervise owns the program from its first ready line to Stop.
func (p *Process) supervise(r *run) {
	defer close(p.done)
	pause := p.newBackOff()
	for {
		since := time.Now()
		select {
		case <-p.life.Done():
			r.stop()
			p.gone()
			return
		case <-r.exited:
		}
		p.gone()
		if time.Since(since) > p.cfg.RestartMax {
			pause.Reset()
		}
		p.cfg.Logger.Warn("process ended, starting it again",
			"process", p.cfg.Name, "error", r.exit(), "stderr", r.stderr.String())
		if r = p.restart(pause); r == nil {
			return
		}
	}
}

// restart tries until the program is ready; nil means that Stop came first.
func (p *Process) restart(pause *backoff.ExponentialBackOff) *run {
	for {
		timer := time.NewTimer(pause.NextBackOff())
		select {
		case <-timer.C:
		case <-p.life.Done():
			timer.Stop()
			return nil
		}
		r, err := p.startOnce(p.life)
		if err == nil {
			p.restarts.Add(1)
			return r
		}
		if p.life.Err() != nil {
			return nil
		}
		p.cfg.Logger.Warn("process did not come back", "process", p.cfg.Name, "error", err)
	}
}

func (p *Process) newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = p.cfg.RestartMin, p.cfg.RestartMax
	b.Reset()
	return b
}

// gone notes that the program no longer serves.
func (p *Process) gone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nil
	p.readyCh = make(chan struct{})
}
