package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// ReasonRejected and ReasonTooLarge are the x-error-class of this package's dead letters.
const (
	ReasonRejected event.Reason = "rejected_by_backend"
	ReasonTooLarge event.Reason = "too_large_for_backend"
)

// delivery is one try to settle what is left of a batch.
type delivery struct {
	x     *Exporter
	batch stream.Batch
	*progress
}

// run sends from the front of what is pending, after it has asked about what is in doubt. A request that is refused as a
// whole is halved, and stays small until the event is found that it was refused for: log2 of the request's events
// tries, twice that at worst.
func (d *delivery) run(ctx context.Context) error {
	if err := d.ask(ctx); err != nil {
		return err
	}
	limit := d.x.cfg.MaxEvents
	for {
		if err := d.bury(ctx); err != nil {
			return err
		}
		if len(d.pending) == 0 {
			return nil
		}
		n := d.fit(limit)
		result, err := d.export(ctx, n)
		n = d.settle(n, result, err)
		switch class, halvable := refusal(err); {
		case err == nil:
		case !halvable:
			return err
		case n > 1:
			limit = n / 2
		case n == 1:
			if err := d.single(ctx, class, err); err != nil {
				return err
			}
			limit = d.x.cfg.MaxEvents
		}
	}
}

// single ends an event that was refused alone.
func (d *delivery) single(ctx context.Context, class event.Reason, refused error) error {
	if errors.Is(refused, trace.ErrDuplicate) {
		d.x.metrics.count(d.x.Name(), kindOf(d.pending[0].event), "found", 1)
	} else {
		if err := d.confirm(ctx, class, refused); err != nil {
			return err
		}
		d.doom(0, class, refused.Error())
	}
	d.pending = d.pending[1:]
	return nil
}

// fit is how many events the next request takes.
func (d *delivery) fit(limit int) int {
	n, bytes := 0, 0
	for n < len(d.pending) && n < limit {
		if bytes += d.pending[n].bytes; bytes > d.x.cfg.MaxBytes && n > 0 {
			break
		}
		n++
	}
	return n
}

func (d *delivery) export(ctx context.Context, n int) (trace.Result, error) {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = d.pending[i].event
	}
	paths, err := d.x.ancestry.paths(ctx, d.batch, d.pending[:n])
	if err != nil {
		return trace.Result{}, err
	}
	if err := d.x.breaker.admit(); err != nil {
		return trace.Result{}, err
	}
	start := d.x.deps.Now()
	d.doubtAll(n, start)
	result, err := d.x.backend.Export(ctx, trace.Batch{Events: events, Paths: paths})
	d.x.metrics.requestSeconds.WithLabelValues(d.x.Name()).Observe(d.x.deps.Now().Sub(start).Seconds())
	d.x.breaker.note(err)
	if certain(err) {
		d.doubtAll(n, time.Time{})
	}
	return result, err
}

// refusal says whether err asks for a smaller request.
func refusal(err error) (class event.Reason, halvable bool) {
	var rejected *trace.RejectedError
	switch {
	case errors.Is(err, trace.ErrDuplicate):
		return "", true
	case errors.Is(err, trace.ErrTooLarge):
		return ReasonTooLarge, true
	case errors.As(err, &rejected):
		return ReasonRejected, true
	default:
		return "", false
	}
}

// confirm keeps a wrong address that answers 400 to everything from turning the whole log into dead letters.
func (d *delivery) confirm(ctx context.Context, class event.Reason, refused error) error {
	prober, ok := d.x.backend.(trace.Prober)
	if !ok || class != ReasonRejected {
		return nil
	}
	err := prober.Probe(ctx, d.pending[0].event)
	if _, halvable := refusal(err); halvable {
		return &trace.BlockedError{Err: fmt.Errorf("even an empty request is refused, so the address is wrong: %w", refused)}
	}
	return err
}

// settle takes off what is pending what the request of the first n settled: all of them, or after an error what it
// names. It returns how many of the n are left.
func (d *delivery) settle(n int, result trace.Result, err error) int {
	group := d.x.Name()
	done := make([]bool, n)
	for _, r := range result.Rejected {
		done[r.Index] = true
		d.doom(r.Index, ReasonRejected, r.Reason)
	}
	took := func(i int) {
		if !done[i] {
			done[i] = true
			d.x.metrics.count(group, kindOf(d.pending[i].event), "exported", 1)
		}
	}
	for _, i := range result.Settled {
		took(i)
	}
	if err == nil {
		d.x.metrics.blocked.WithLabelValues(group).Set(0)
		for i := range n {
			took(i)
		}
	}
	d.warn(n, result)
	return n - d.remove(done)
}

// remove takes the pending events that are done off the list and returns how many they were.
func (d *delivery) remove(done []bool) int {
	if !slices.Contains(done, false) { // as nearly always
		d.pending = d.pending[len(done):]
		return len(done)
	}
	kept := make([]item, 0, len(d.pending))
	for i, it := range d.pending {
		if i >= len(done) || !done[i] {
			kept = append(kept, it)
		}
	}
	removed := len(d.pending) - len(kept)
	d.pending = kept
	return removed
}

func (d *delivery) warn(n int, result trace.Result) {
	if result.Unnamed == 0 {
		return
	}
	d.x.metrics.unnamed.WithLabelValues(d.x.Name()).Add(float64(result.Unnamed))
	d.x.deps.Logger.Warn("the backend dropped events without saying which", "group", d.x.Name(), "topic", d.batch.Topic,
		"partition", d.batch.Partition, "from", d.pending[0].event.Position.Offset, "dropped", result.Unnamed, "of", n, "reason", result.Note)
}

// doom marks a pending event for the dead letters.
func (d *delivery) doom(i int, class event.Reason, reason string) {
	it := d.pending[i]
	d.x.metrics.count(d.x.Name(), kindOf(it.event), "rejected", 1)
	d.doomed = append(d.doomed, burial{index: it.index, reason: reason, class: class})
}

// bury publishes what is doomed, all at a time, and waits for the acks. What got none stays doomed.
func (d *delivery) bury(ctx context.Context) error {
	errs := make([]error, len(d.doomed))
	var acks sync.WaitGroup
	for i, b := range d.doomed {
		acks.Go(func() { errs[i] = d.x.letters.publish(ctx, d.batch.Records[b.index], b) })
	}
	acks.Wait()
	var left []burial
	var failed error
	for i, b := range d.doomed {
		switch {
		case errors.Is(errs[i], stream.ErrDeadLetterRefused):
			d.giveUp(b, errs[i])
		case errs[i] != nil:
			left, failed = append(left, b), errs[i]
		}
	}
	d.doomed = left
	return failed
}

// giveUp lets the batch go on without a dead letter: the record is in its topic, and waiting would help nobody.
func (d *delivery) giveUp(b burial, err error) {
	r := d.batch.Records[b.index]
	d.x.metrics.count(d.x.Name(), "record", "dead_letter_refused", 1)
	d.x.deps.Logger.Error("giving up an event without a dead letter", "group", d.x.Name(), "topic", r.Topic,
		"partition", r.Partition, "offset", r.Offset, "reason", b.class, "error", err)
}
