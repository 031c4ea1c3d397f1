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
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

const (
	// scanWindow is how many offsets before and after a batch are searched for ancestors.
	scanWindow = 10_000
	// ancestryLimit is how many spans are remembered, twice at most; about 10 MB.
	ancestryLimit = 25_000
	// ancestryTick is the wait between two searches for spans that have not ended.
	ancestryTick = time.Second
	// maxDepth ends the way up through spans that name each other as parents.
	maxDepth = 200
)

// ErrUnended says that a span's ancestors are not in the log yet.
var ErrUnended = errors.New("waiting for the parents of a span to end")

// ancestry finds the ancestors of spans for a backend that wants them: among the spans that went by, and in the log
// before and after the batch, which is where they are after a crash and while a trace is being written.
type ancestry struct {
	want   trace.Descendant // nil: the backend does not want them
	broker *broker.Broker
	now    func() time.Time

	mu       sync.Mutex
	young    map[trace.SpanKey]ancestor
	old      map[trace.SpanKey]ancestor
	orphaned map[trace.SpanKey]bool // spans that were waited for in vain
}

type ancestor struct {
	parent string
	start  time.Time
}

func newAncestry(b trace.Backend, from *broker.Broker, now func() time.Time) *ancestry {
	a := &ancestry{broker: from, now: now, young: map[trace.SpanKey]ancestor{}, orphaned: map[trace.SpanKey]bool{}}
	a.want, _ = b.(trace.Descendant)
	return a
}

// learn remembers spans.
func (a *ancestry) learn(items []item) {
	if a.want == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, it := range items {
		if s, ok := it.event.Data.(*event.SpanEnded); ok {
			a.add(s)
		}
	}
}

func (a *ancestry) add(s *event.SpanEnded) {
	if len(a.young) >= ancestryLimit {
		a.old, a.young = a.young, map[trace.SpanKey]ancestor{}
	}
	a.young[trace.KeyOf(s)] = ancestor{s.GetParentSpanId(), s.GetStartTime().AsTime()}
}

func (a *ancestry) get(key trace.SpanKey) (ancestor, bool) {
	known, ok := a.young[key]
	if !ok {
		if known, ok = a.old[key]; ok {
			a.young[key] = known
		}
	}
	return known, ok
}

// paths returns the ancestors of the items that are spans, and of the spans that scores are about, where these went by
// and their place is settled: scores are never waited for. Its error asks to come again: a parent has not ended.
func (a *ancestry) paths(ctx context.Context, b stream.Batch, items []item) (trace.Paths, error) {
	if a.want == nil {
		return nil, nil
	}
	if missing := a.missing(items); len(missing) > 0 {
		if err := a.scan(ctx, b, missing); err != nil {
			return nil, err
		}
		if err := a.wait(b, items); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make(trace.Paths, len(items))
	for _, it := range items {
		switch m := it.event.Data.(type) {
		case *event.SpanEnded:
			all[trace.KeyOf(m)] = a.path(m)
		case *event.ScoreGiven:
			key := trace.SpanKey{TraceID: m.GetTraceId(), SpanID: m.GetSpanId()}
			if known, ok := a.get(key); ok {
				if p := a.below(key.TraceID, known.parent); p.Whole || a.orphaned[key] {
					all[key] = p
				}
			}
		}
	}
	return all, nil
}

func (a *ancestry) path(s *event.SpanEnded) trace.Path {
	return a.below(s.GetTraceId(), s.GetParentSpanId())
}

// below walks up from a parent.
func (a *ancestry) below(traceID, parent string) trace.Path {
	p := trace.Path{}
	for parent != "" && len(p.Steps) < maxDepth {
		up, ok := a.get(trace.SpanKey{TraceID: traceID, SpanID: parent})
		if !ok {
			break
		}
		p.Steps = append(p.Steps, trace.Step{SpanID: parent, Start: up.start})
		parent = up.parent
	}
	p.Whole = parent == ""
	slices.Reverse(p.Steps)
	return p
}

// missing are the spans without a way to their root, by trace.
func (a *ancestry) missing(items []item) map[string][]*event.SpanEnded {
	a.mu.Lock()
	defer a.mu.Unlock()
	missing := map[string][]*event.SpanEnded{}
	for _, it := range items {
		if s, ok := it.event.Data.(*event.SpanEnded); ok && !a.orphaned[trace.KeyOf(s)] && !a.path(s).Whole {
			missing[s.GetTraceId()] = append(missing[s.GetTraceId()], s)
		}
	}
	return missing
}

var errScanned = errors.New("the window has been read")

// scan reads the partition around the batch. A trace is one key, so its spans are all in there.
func (a *ancestry) scan(ctx context.Context, b stream.Batch, missing map[string][]*event.SpanEnded) error {
	from := map[string]map[int32]int64{b.Topic: {b.Partition: max(b.From-scanWindow, 0)}}
	err := a.broker.Follow(ctx, broker.FollowConfig{Topics: []string{b.Topic}, From: broker.FromEnd, Offsets: from, Stop: true}, func(r event.Record) error {
		if r.Partition != b.Partition {
			return nil
		}
		if len(missing) == 0 || r.Offset >= b.To+scanWindow {
			return errScanned
		}
		if missing[string(r.Key)] != nil {
			a.found(r, missing)
		}
		return nil
	})
	if errors.Is(err, errScanned) {
		return nil
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("reading the ancestors of spans: %w", err)
	}
	return nil
}

func (a *ancestry) found(r event.Record, missing map[string][]*event.SpanEnded) {
	e, err := topic.Decode(r)
	s, ok := e.Data.(*event.SpanEnded)
	if err != nil || !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.add(s)
	whole := func(s *event.SpanEnded) bool { return a.path(s).Whole }
	if left := slices.DeleteFunc(missing[s.GetTraceId()], whole); len(left) > 0 {
		missing[s.GetTraceId()] = left
	} else {
		delete(missing, s.GetTraceId())
	}
}

// wait returns an error while a span that has no root yet is young, and gives up those that are not.
func (a *ancestry) wait(b stream.Batch, items []item) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var longest time.Duration
	for _, it := range items {
		s, ok := it.event.Data.(*event.SpanEnded)
		if !ok || a.orphaned[trace.KeyOf(s)] || a.path(s).Whole {
			continue
		}
		if left := b.Records[it.index].Timestamp.Add(a.want.Hold()).Sub(a.now()); left > 0 {
			longest = max(longest, left)
			continue
		}
		if len(a.orphaned) >= ancestryLimit {
			clear(a.orphaned)
		}
		a.orphaned[trace.KeyOf(s)] = true
	}
	if longest > 0 {
		return &waitError{min(longest, ancestryTick), ErrUnended}
	}
	return nil
}
