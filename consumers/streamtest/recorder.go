package streamtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// Recorder is a Handler that remembers what it was called with, in order.
type Recorder struct {
	// Group is the name of the handler.
	Group string
	// Then, if set, runs after the event was remembered; its result is the handler's.
	Then func(ctx context.Context, e event.Event, out stream.Emitter) error

	mu     sync.Mutex
	events []event.Event
}

// Name is the consumer group.
func (r *Recorder) Name() string { return r.Group }

// Handle remembers e.
func (r *Recorder) Handle(ctx context.Context, e event.Event, out stream.Emitter) error {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	if r.Then == nil {
		return nil
	}
	return r.Then(ctx, e, out)
}

// Events returns what was handled so far, repeats included.
func (r *Recorder) Events() []event.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Offsets returns the offsets that were handled so far, repeats included.
func (r *Recorder) Offsets() []int64 {
	var offsets []int64
	for _, e := range r.Events() {
		offsets = append(offsets, e.Position.Offset)
	}
	return offsets
}

// Await waits until n events were handled.
func (r *Recorder) Await(t testing.TB, n int) []event.Event {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.Events()) >= n }, waitLong, 2*time.Millisecond,
		"%s should handle %d events", r.Group, n)
	return r.Events()
}

// BatchRecorder is a BatchHandler that remembers what it was called with, in order of the calls.
type BatchRecorder struct {
	// Group is the name of the handler.
	Group string
	// Then, if set, runs after the batch was remembered; its result is the handler's.
	Then func(ctx context.Context, b stream.Batch) error

	mu      sync.Mutex
	batches []stream.Batch
}

// Name is the consumer group.
func (r *BatchRecorder) Name() string { return r.Group }

// HandleBatch remembers b.
func (r *BatchRecorder) HandleBatch(ctx context.Context, b stream.Batch) error {
	r.mu.Lock()
	kept := b
	kept.Records = cloned(b.Records)
	r.batches = append(r.batches, kept)
	r.mu.Unlock()
	if r.Then == nil {
		return nil
	}
	return r.Then(ctx, b)
}

// cloned is a copy of what the runtime uses again.
func cloned(records []event.Record) []event.Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Headers = slices.Clone(out[i].Headers)
	}
	return out
}

// Batches returns the batches so far, repeats included.
func (r *BatchRecorder) Batches() []stream.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.batches)
}
