package trainer

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/internal/child"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Trainer runs the jobs of one folder.
type Trainer struct {
	cfg    Config
	broker *broker.Broker
	logger *slog.Logger
	engine engine

	publisher *broker.Publisher
	fold      *Fold
	running   map[string]*run
	// blocked are jobs that wait until the next look.
	blocked map[string]bool
	free    []string // queues without a job
	ended   chan *run
	runners sync.WaitGroup
}

// run is a job under way.
type run struct {
	job    Job
	queue  string
	cancel context.CancelCauseFunc
	status Status
	reason string
}

// New returns a trainer.
func New(cfg Config, b *broker.Broker, logger *slog.Logger) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.BaseModel == "" {
		return nil, ErrNoBase
	}
	t := &Trainer{
		cfg: cfg, broker: b, logger: logger, fold: NewFold(cfg.Dataset),
		running: map[string]*run{}, blocked: map[string]bool{}, free: cfg.Queues, ended: make(chan *run),
	}
	if len(t.free) == 0 {
		t.free = []string{""}
	}
	t.engine = &local{cfg: cfg, logger: logger}
	if cfg.Engine == engineKubeflow {
		t.engine = newKubeflow(cfg, logger)
	}
	return t, nil
}

// Run trains until ctx ends, and returns nil then. Workers are asked to save what they have.
func (t *Trainer) Run(ctx context.Context) error {
	if err := t.run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

func (t *Trainer) run(ctx context.Context) error {
	if err := os.MkdirAll(t.cfg.Dir, 0o755); err != nil {
		return fmt.Errorf("creating folder of jobs: %w", err)
	}
	lock, err := child.TakeLock(ctx, filepath.Join(t.cfg.Dir, "trainer.lock"), func(int) {
		t.logger.Info("another process trains in this folder, waiting for it to end", "dir", t.cfg.Dir)
	})
	if err != nil {
		return err
	}
	defer lock.Close()
	if t.publisher, err = t.broker.Publisher(); err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer t.publisher.Close()
	records, caughtUp := make(chan event.Record), make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return t.follow(ctx, records, caughtUp) })
	group.Go(func() error { return t.react(ctx, records, caughtUp) })
	return group.Wait()
}

func (t *Trainer) follow(ctx context.Context, records chan<- event.Record, caughtUp chan<- struct{}) error {
	cfg := broker.FollowConfig{Topics: Topics(), CaughtUp: func() { close(caughtUp) }}
	err := t.broker.Follow(ctx, cfg, func(r event.Record) error {
		select {
		case records <- r:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil {
		return fmt.Errorf("following the log: %w", err)
	}
	return nil
}

// react owns the fold and the queues. It waits for the jobs before it returns.
func (t *Trainer) react(ctx context.Context, records <-chan event.Record, caughtUp <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer t.stop()
	defer cancel()
	look := time.NewTicker(t.cfg.Poll)
	defer look.Stop()
	ready := false
	for {
		news := true
		select {
		case <-ctx.Done():
			return nil
		case r := <-records:
			news = t.fold.Take(r)
		case <-caughtUp:
			ready, caughtUp = true, nil // a nil channel is never ready again
		case r := <-t.ended:
			t.end(r)
		case <-look.C:
			news = len(t.blocked) > 0
			clear(t.blocked)
		}
		if ready && news {
			t.obey()
			if err := t.schedule(ctx); err != nil {
				return err
			}
		}
	}
}

// stop ends the runners, whose context has ended already.
func (t *Trainer) stop() {
	done := make(chan struct{})
	go func() {
		t.runners.Wait()
		close(done)
	}()
	for {
		select {
		case r := <-t.ended:
			r.cancel(nil)
		case <-done:
			return
		}
	}
}

// end takes what came of a job without waiting for its record: it would be started again meanwhile.
func (t *Trainer) end(r *run) {
	r.cancel(nil)
	delete(t.running, r.job.ID)
	t.free = append(t.free, r.queue)
	s := t.fold.job(r.job.ID)
	switch r.status {
	case StatusBlocked:
		t.blocked[r.job.ID] = true
		s.Status, s.Reason = StatusBlocked, r.reason
	case StatusFinished:
		s.Status, s.trained = StatusFinished, true
	case StatusFailed:
		// Whoever canceled it has said so in the log, where it may have been asked for again since.
		if !s.Ended() && r.reason != ReasonCanceled {
			s.Status, s.Reason = StatusFailed, r.reason
		}
	}
}

// obey ends jobs that somebody has canceled.
func (t *Trainer) obey() {
	for id, r := range t.running {
		if s := t.fold.job(id); s.Status == StatusFailed && s.Reason == ReasonCanceled {
			r.cancel(errCanceled)
		}
	}
}
