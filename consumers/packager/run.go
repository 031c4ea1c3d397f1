package packager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/internal/registry"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Run follows the models and packages what is trained. It returns nil when ctx ends.
func (p *Packager) Run(ctx context.Context) error {
	publisher, err := p.broker.Publisher()
	if err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer publisher.Close()
	w := worker{Packager: p, publisher: publisher, models: registry.New(), said: map[string]bool{}, events: make(chan event.Event), caughtUp: make(chan struct{})}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.follow(groupCtx) })
	group.Go(func() error { return w.work(groupCtx) })
	if err := group.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// worker owns the models: only work touches them.
type worker struct {
	*Packager
	publisher *broker.Publisher
	models    *registry.Registry
	// said are the rejections of this run: reasons that take turns are told once each.
	said map[string]bool
	// waits is set while models wait for Ollama, of which the log tells once.
	waits    bool
	events   chan event.Event
	caughtUp chan struct{}
}

// follow has no consumer group: hours of work between two polls would lose it its partitions.
func (w *worker) follow(ctx context.Context) error {
	return registry.Follow(ctx, w.broker, func() { close(w.caughtUp) }, func(e event.Event) {
		select {
		case w.events <- e:
		case <-ctx.Done():
		}
	})
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
		case e := <-w.events:
			w.models.Take(e)
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
	for _, v := range pending(w.models) {
		if passed, err := w.one(ctx, v); err != nil || !passed {
			return err
		}
	}
	waiting := unserved(w.models)
	if len(waiting) == 0 || w.cfg.Ollama == OllamaOff {
		return nil
	}
	if err := w.ping(ctx); err != nil {
		w.wait(waiting, err)
		return nil
	}
	w.waits = false
	for _, v := range waiting {
		if passed, err := w.one(ctx, v); err != nil || !passed {
			return err
		}
	}
	return nil
}

// wait says once what the models wait for: until Ollama has them nobody judges them.
func (w *worker) wait(models []*registry.Version, why error) {
	if !w.waits {
		w.waits = true
		w.logger.Warn("packaged models wait for Ollama: start it, or set OLLAMA_HOST", "models", len(models), "newest", models[len(models)-1].Version, "error", why)
	}
}

// one packages a model and tells what came of it. passed is false where the machine is at fault.
func (w *worker) one(ctx context.Context, v *registry.Version) (passed bool, err error) {
	packaged, err := w.Package(ctx, v.Trained, Options{})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var f *Failure
	if err != nil && !errors.As(err, &f) {
		return false, err
	}
	news := packagedEvent(v.Trained, packaged)
	if f != nil {
		rejected := rejectedEvent(v, f)
		if told(v) == f.Reason || w.said[rejected.ID] {
			return !f.Passing(), nil
		}
		w.said[rejected.ID] = true
		w.logger.Warn("model is not packaged", "version", v.Trained.GetVersion(), "reason", f.Reason, "error", f)
		news = rejected
	}
	if err := w.publisher.Publish(ctx, news); err != nil {
		return false, fmt.Errorf("telling of model %s: %w", v.Trained.GetVersion(), err)
	}
	w.reached("told")
	w.models.Take(news) // the log tells it again, later
	return f == nil || !f.Passing(), nil
}
