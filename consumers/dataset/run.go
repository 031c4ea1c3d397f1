package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Run announces what a crash left unannounced, then follows the log and builds a dataset whenever enough new
// rows have come and the log has been quiet for a moment. It returns nil when ctx ends.
func (b *Builder) Run(ctx context.Context) error {
	if err := b.run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

func (b *Builder) run(ctx context.Context) error {
	a, err := b.announced(ctx)
	if err != nil {
		return err
	}
	ranges, err := b.broker.Ranges(ctx, inputs()...)
	if err != nil {
		return fmt.Errorf("reading offsets: %w", err)
	}
	// Ends are moved by the records that arrive; a range must not claim what has not been read.
	for _, partitions := range ranges {
		for p, r := range partitions {
			partitions[p] = broker.Range{Start: r.Start, End: r.Start}
		}
	}
	w := watcher{Builder: b, history: newHistory(ranges), announced: a, records: make(chan event.Record), caughtUp: make(chan struct{})}
	if err := w.settle(ctx); err != nil {
		w.logger.Warn("dataset of before could not be announced, trying on", "error", err)
		w.told = true
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.follow(ctx) })
	group.Go(func() error { return w.watch(ctx) })
	return group.Wait()
}

// watcher owns the history: only watch touches it.
type watcher struct {
	*Builder
	history   *history
	announced *announcements
	// owes is set until what a crash left unannounced is announced: a bucket may be away, and ends nothing else.
	owes bool
	// told is set while something fails that was logged.
	told     bool
	records  chan event.Record
	caughtUp chan struct{}
}

func (w *watcher) follow(ctx context.Context) error {
	cfg := broker.FollowConfig{
		Topics:   append(inputs(), topic.Datasets),
		CaughtUp: func() { close(w.caughtUp) },
	}
	err := w.broker.Follow(ctx, cfg, func(r event.Record) error {
		select {
		case w.records <- r:
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

func (w *watcher) watch(ctx context.Context) error {
	quiet := time.NewTimer(w.cfg.Quiet)
	defer quiet.Stop()
	ready, due := w.caughtUp, false
	schedule := w.schedule()
	defer schedule.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-w.records:
			w.take(r)
			due = true
			quiet.Reset(w.cfg.Quiet)
		case <-ready:
			ready, due = nil, true // a nil channel is never ready again
			quiet.Reset(w.cfg.Quiet)
		case <-quiet.C:
			if due && ready == nil {
				due = !w.check(ctx, w.cfg.Threshold)
				if due {
					quiet.Reset(w.cfg.Quiet)
				}
			}
			schedule.Reset(w.untilScheduled()) // another builder may have announced one
		case <-schedule.C:
			if ready == nil && w.cfg.Schedule > 0 {
				w.check(ctx, 1) // what fails is tried again with the next record or the next schedule
			}
			schedule.Reset(max(w.untilScheduled(), w.cfg.Quiet))
		}
	}
}

func (w *watcher) take(r event.Record) {
	if r.Topic == topic.Datasets {
		w.announced.take(r, w.cfg.Name)
		return
	}
	w.history.extend(r)
}

func (w *watcher) schedule() *time.Timer { return time.NewTimer(w.untilScheduled()) }

// untilScheduled is the time until the last dataset is old enough for another. The first comes one period after the start.
func (w *watcher) untilScheduled() time.Duration {
	if w.cfg.Schedule == 0 {
		return math.MaxInt64
	}
	if w.announced.last == nil {
		return w.cfg.Schedule
	}
	if left := time.Until(w.announced.last.GetBuiltAt().AsTime().Add(w.cfg.Schedule)); left > 0 {
		return left
	}
	if w.fresh() == 0 {
		return w.cfg.Schedule // there is nothing to build of; a new row is looked at after a period
	}
	return 0
}

// check builds when the threshold is reached. It reports whether it is done until something new arrives:
// a full disk, a bucket that is away or a broker that refuses is told once and tried again after the next quiet period.
func (w *watcher) check(ctx context.Context, threshold int) (done bool) {
	err := w.ensure(ctx, threshold)
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrNoRows) {
		w.told = false
		return true
	}
	if !w.told {
		w.told = true
		w.logger.Warn("dataset could not be built or announced, trying on", "error", err)
	}
	return false
}

// settle announces what a crash left unannounced.
func (w *watcher) settle(ctx context.Context) error {
	err := w.repair(ctx, w.announced)
	w.owes = err != nil
	return err
}

func (w *watcher) ensure(ctx context.Context, threshold int) error {
	if w.owes {
		if err := w.settle(ctx); err != nil {
			return err
		}
	}
	if threshold == 0 || w.fresh() < threshold {
		return nil
	}
	ready, err := w.build(ctx, w.history, w.announced)
	if err != nil {
		return err
	}
	w.logger.Debug("dataset ready", "dataset_id", ready.GetDatasetId(), "rows", ready.GetRows())
	return nil
}

// fresh counts the rows that the last announced dataset does not have. Seeds do not count: they are no news
// from the log, and would trigger the first build of an empty system.
func (w *watcher) fresh() int {
	now := makePlan(w.history, w.seeds, w.cfg)
	if w.announced.last != nil {
		return now.newRows(makePlan(w.history.upTo(w.announced.last.GetOffsets()), w.seeds, w.cfg))
	}
	return now.newRows(makePlan(&history{}, w.seeds, w.cfg))
}
