package packager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Run follows the models and packages what is trained. It returns nil when ctx ends.
func (p *Packager) Run(ctx context.Context) error {
	publisher, err := p.broker.Publisher()
	if err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	w := worker{Packager: p, publisher: publisher, state: newState(), records: make(chan event.Record), caughtUp: make(chan struct{})}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.follow(groupCtx) })
	group.Go(func() error { return w.work(groupCtx) })
	if err := group.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// worker owns the state: only work touches it.
type worker struct {
	*Packager
	publisher *broker.Publisher
	state     *state
	records   chan event.Record
	caughtUp  chan struct{}
}

// follow has no consumer group: hours of work between two polls would lose it its partitions.
func (w *worker) follow(ctx context.Context) error {
	cfg := broker.FollowConfig{Topics: []string{topic.Models}, CaughtUp: func() { close(w.caughtUp) }}
	err := w.broker.Follow(ctx, cfg, func(r event.Record) error {
		select {
		case w.records <- r:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil {
		return fmt.Errorf("following the models: %w", err)
	}
	return nil
}

// work packages once the whole topic is known, after each record, and again after a while where something is missing.
func (w *worker) work(ctx context.Context) error {
	ready := false
	retry := time.NewTicker(w.cfg.Retry)
	defer retry.Stop()
	caughtUp := w.caughtUp
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-w.records:
			w.state.take(r)
		case <-caughtUp:
			caughtUp, ready = nil, true // a nil channel is never ready again
		case <-retry.C:
		}
		if !ready {
			continue
		}
		if err := w.packageAll(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// packageAll stops at the first failure that is the machine's: it would be the next model's too.
func (w *worker) packageAll(ctx context.Context) error {
	for _, m := range w.state.pending() {
		if passed, err := w.one(ctx, m); err != nil || !passed {
			return err
		}
	}
	unserved := w.state.unserved()
	if len(unserved) == 0 || w.cfg.Ollama == OllamaOff || !w.answers(ctx) {
		return nil
	}
	for _, m := range unserved {
		if passed, err := w.one(ctx, m); err != nil || !passed {
			return err
		}
	}
	return nil
}

func (w *worker) answers(ctx context.Context) bool { return w.ping(ctx) == nil }

// one packages a model and tells what came of it. passed is false where the machine is at fault.
func (w *worker) one(ctx context.Context, m *model) (passed bool, err error) {
	packaged, err := w.Package(ctx, m.trained, Options{})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var f *Failure
	if err != nil && !errors.As(err, &f) {
		return false, err
	}
	told := packagedEvent(m.id, packaged)
	if f != nil {
		if m.rejected == f.Reason { // it was told
			return !f.Passing(), nil
		}
		w.logger.Warn("model is not packaged", "version", m.trained.GetVersion(), "reason", f.Reason, "error", f)
		told = rejectedEvent(m.id, m.trained, f)
	}
	if err := w.publisher.Publish(ctx, told); err != nil {
		return false, fmt.Errorf("telling of model %s: %w", m.trained.GetVersion(), err)
	}
	w.reached("told")
	w.state.fold(told) // the log tells it again, later
	return f == nil || !f.Passing(), nil
}
