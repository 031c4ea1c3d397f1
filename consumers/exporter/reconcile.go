package exporter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Count is how many spans began in an hour, here and there.
type Count struct {
	Hour time.Time `json:"hour"`
	// Log counts the spans in Kafka, each once.
	Log int64 `json:"log"`
	// Backends count theirs. One that cannot be asked is left out.
	Backends map[string]int64 `json:"backends"`
}

// Reconcile counts the spans that began from from on and before to, by the hour: in the log, and in each selected backend
// that can be asked; it names the others. A record is read when it was written from from on: a span is written after it began.
func Reconcile(ctx context.Context, cfg Config, deps Deps, from, to time.Time) (counts []Count, unasked []string, err error) {
	logged, err := countLog(ctx, deps.Broker, from, to)
	if err != nil {
		return nil, nil, err
	}
	for _, hour := range slices.SortedFunc(maps.Keys(logged), time.Time.Compare) {
		counts = append(counts, Count{Hour: hour, Log: logged[hour], Backends: map[string]int64{}})
	}
	exporters, err := New(cfg, deps)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range exporters {
		if counter, ok := x.backend.(trace.Counter); ok {
			err = errors.Join(err, countBackend(ctx, x.backend, counter, counts))
		} else {
			unasked = append(unasked, x.backend.Name())
		}
		err = errors.Join(err, x.Close())
	}
	return counts, unasked, err
}

func countBackend(ctx context.Context, b trace.Backend, counter trace.Counter, counts []Count) error {
	for i := range counts {
		n, err := countHour(ctx, counter, counts[i].Hour)
		if err != nil {
			return fmt.Errorf("counting the spans of %s at %s: %w", b.Name(), counts[i].Hour.Format(time.RFC3339), err)
		}
		counts[i].Backends[b.Name()] = n
	}
	return nil
}

// countHour waits as often as the backend asks for: a month is 744 questions, more than some answer in a minute.
func countHour(ctx context.Context, counter trace.Counter, hour time.Time) (int64, error) {
	for {
		n, err := counter.CountSpans(ctx, hour, hour.Add(time.Hour))
		var busy *trace.RetryError
		if !errors.As(err, &busy) || !busy.NothingTaken || busy.After == 0 {
			return n, err
		}
		if err := broker.Pause(ctx, busy.After); err != nil {
			return 0, err
		}
	}
}

// countLog has an entry for every hour, also for those without spans.
func countLog(ctx context.Context, b *broker.Broker, from, to time.Time) (map[time.Time]int64, error) {
	from = from.UTC().Truncate(time.Hour)
	counts := map[time.Time]int64{}
	for hour := from; hour.Before(to); hour = hour.Add(time.Hour) {
		counts[hour] = 0
	}
	offsets, err := offsetsAt(ctx, b, topic.Spans, from)
	if err != nil {
		return nil, err
	}
	seen := map[trace.SpanKey]bool{}
	err = b.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Spans}, Offsets: offsets, Stop: true}, func(r event.Record) error {
		e, err := topic.Decode(r)
		s, ok := e.Data.(*event.SpanEnded)
		if err != nil || !ok || seen[trace.KeyOf(s)] {
			return nil //nolint:nilerr // what is no span is not counted anywhere
		}
		hour := s.GetStartTime().AsTime().Truncate(time.Hour)
		if _, asked := counts[hour]; asked {
			seen[trace.KeyOf(s)] = true
			counts[hour]++
		}
		return nil
	})
	if err == nil {
		err = ctx.Err()
	}
	return counts, err
}

func offsetsAt(ctx context.Context, b *broker.Broker, name string, at time.Time) (map[string]map[int32]int64, error) {
	client, err := b.Client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	listed, err := kadm.NewClient(client).ListOffsetsAfterMilli(ctx, max(at.UnixMilli(), 0), name)
	if err != nil {
		return nil, fmt.Errorf("finding the offsets at %s: %w", at.Format(time.RFC3339), err)
	}
	offsets := map[string]map[int32]int64{name: {}}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Err == nil && o.Offset >= 0 {
			offsets[name][o.Partition] = o.Offset
		}
	})
	return offsets, nil
}
