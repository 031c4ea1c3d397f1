package exporter

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// ErrUnseen says that events were sent, by this process or one that died, and that the backend does not show them, or
// not yet.
var ErrUnseen = errors.New("waiting until the backend must show what was sent")

// certain says whether err leaves no doubt about what became of a request.
func certain(err error) bool {
	var retry *trace.RetryError
	if errors.As(err, &retry) {
		return retry.NothingTaken
	}
	var blocked *trace.BlockedError
	_, refused := refusal(err)
	return err == nil || refused || errors.As(err, &blocked)
}

// doubtAll sets the doubt of the first n pending events; the zero time takes it away.
func (p *progress) doubtAll(n int, since time.Time) {
	for i := range p.pending[:n] {
		p.pending[i].doubt = since
	}
}

// ask removes from what is pending what the backend has already. It returns an error as long as an event may still be on
// its way there. A backend that cannot be asked is sent everything again. It asks for some at a time, so that a
// backend which answers only so many questions a minute is asked for less at each try.
func (d *delivery) ask(ctx context.Context) error {
	var doubted []int
	for i, it := range d.pending {
		if !it.doubt.IsZero() {
			doubted = append(doubted, i)
		}
	}
	done := make([]bool, len(d.pending))
	defer func() { d.remove(done) }()
	var wait time.Duration
	for some := range slices.Chunk(doubted, askedAtATime) {
		left, err := d.askFor(ctx, some, done)
		if err != nil {
			return err
		}
		wait = max(wait, left)
	}
	if wait > 0 {
		return &waitError{wait, ErrUnseen}
	}
	return nil
}

// askFor asks for the events with the indexes, and returns when to ask again for those that are missing.
func (d *delivery) askFor(ctx context.Context, indexes []int, done []bool) (wait time.Duration, err error) {
	events := make([]event.Event, len(indexes))
	for n, i := range indexes {
		events[n] = d.pending[i].event
	}
	found, shows, err := d.x.find(ctx, events)
	if err != nil {
		return 0, err
	}
	now := d.x.deps.Now()
	for n, i := range indexes {
		it := &d.pending[i]
		switch left := it.doubt.Add(shows).Sub(now); {
		case found[n]:
			done[i] = true
			d.x.metrics.count(d.x.Name(), kindOf(it.event), "found", 1)
		case left > 0:
			wait = max(wait, min(left, max(shows/asksPerShow, time.Millisecond)))
		default:
			it.doubt = time.Time{}
			d.x.metrics.count(d.x.Name(), kindOf(it.event), "sent_again", 1)
		}
	}
	return wait, nil
}

// askedAtATime is how many events one question to a backend names; the backend may make several requests of it.
const askedAtATime = 500

// asksPerShow is how often the backend is asked before it must show what it took.
const asksPerShow = 8

func (x *Exporter) find(ctx context.Context, events []event.Event) (found []bool, shows time.Duration, err error) {
	finder, ok := x.backend.(trace.Finder)
	if !ok {
		return make([]bool, len(events)), 0, nil
	}
	if err := x.breaker.admit(); err != nil {
		return nil, 0, err
	}
	found, err = finder.Find(ctx, events)
	x.breaker.note(err)
	return found, finder.Shows(), err
}
