package exporter

import (
	"context"
	"errors"
	"time"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// blockedPause is the wait after a refused key or address: a person has to act, and asking more often may get
// the address banned.
const blockedPause = 30 * time.Second

// place names a partition.
type place struct {
	topic     string
	partition int32
}

// progress is what is left of a batch. It lives over the tries of a batch, so that a later failure does not send
// again what an earlier try settled.
type progress struct {
	// first is the batch's first record. A batch that is handed over anew, after its partition was with another
	// process perhaps, has read its records anew.
	first   *event.Record
	pending []item
	doomed  []burial
	bytes   int // of what was pending at first
}

// item is an event that is to be sent; index is its record's in the batch.
type item struct {
	event event.Event
	index int
	bytes int
	// doubt is when it was sent without our knowing what became of it. Zero: it was not sent, or was refused.
	doubt time.Time
}

// burial is an event that the backend will never take.
type burial struct {
	index  int
	reason string
	class  event.Reason
}

// HandleBatch returns nil when every record is settled: exported, dead-lettered or skipped.
func (x *Exporter) HandleBatch(ctx context.Context, b stream.Batch) error {
	d := delivery{x: x, batch: b, progress: x.resume(b)}
	if err := d.run(ctx); err != nil {
		return x.instruct(err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(place{b.Topic, b.Partition})
	return nil
}

// resume returns what is left of the batch, which is all of it at the first try. Of a batch that was announced before,
// nobody knows what was sent.
func (x *Exporter) resume(b stream.Batch) *progress {
	var first *event.Record
	if len(b.Records) > 0 {
		first = &b.Records[0]
	}
	at := place{b.Topic, b.Partition}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.progress[at]
	if p == nil || p.first != first {
		x.forget(at)
		p = &progress{first: first, pending: x.decode(b.Records)}
		for _, it := range p.pending {
			p.bytes += it.bytes
		}
		x.progress[at] = p
		x.metrics.held.WithLabelValues(x.Name()).Add(float64(p.bytes))
		x.ancestry.learn(p.pending)
		if b.Replayed {
			p.doubtAll(len(p.pending), x.deps.Now())
		}
	}
	return p
}

// forget ends the progress of a partition, if it has one. It is called with mu.
func (x *Exporter) forget(at place) {
	if p := x.progress[at]; p != nil {
		x.metrics.held.WithLabelValues(x.Name()).Sub(float64(p.bytes))
		delete(x.progress, at)
	}
}

// decode skips what is no event of ours: the sink keeps it raw, and repeating it here helps nobody.
func (x *Exporter) decode(records []event.Record) []item {
	items := make([]item, 0, len(records))
	for i, r := range records {
		e, err := topic.Decode(r)
		var bad *event.DecodeError
		switch {
		case errors.As(err, &bad):
			x.metrics.count(x.Name(), "record", "skipped_"+string(bad.Reason), 1)
		case kindOf(e) == "":
			x.metrics.count(x.Name(), "record", "skipped_other_type", 1)
		default:
			items = append(items, item{event: e, index: i, bytes: len(r.Key) + len(r.Value) + 256})
		}
	}
	return items
}

// kindOf is "" for what is not exported.
func kindOf(e event.Event) string {
	switch e.Data.(type) {
	case *event.SpanEnded:
		return "span"
	case *event.ScoreGiven:
		return "score"
	case *event.FeedbackGiven:
		return "feedback"
	default:
		return ""
	}
}

// instruct tells the runtime when to try again.
func (x *Exporter) instruct(err error) error {
	var blocked *trace.BlockedError
	if errors.As(err, &blocked) {
		x.metrics.blocked.WithLabelValues(x.Name()).Set(1)
		return stream.RetryIn(blockedPause, err)
	}
	var wait *waitError
	if errors.As(err, &wait) {
		return stream.RetryIn(wait.after, err)
	}
	var retry *trace.RetryError
	if errors.As(err, &retry) && retry.After > 0 {
		return stream.RetryIn(retry.After, err)
	}
	return err
}

// waitError asks for another try without blaming the backend.
type waitError struct {
	after time.Duration
	err   error
}

func (e *waitError) Error() string { return e.err.Error() }
func (e *waitError) Unwrap() error { return e.err }
