package loadgen

import (
	"context"
	"fmt"
	"maps"
	"time"

	"golang.org/x/time/rate"

	"github.com/ragline/ragline/schemas/event"
)

// Publisher takes the traffic. broker.Publisher is one.
type Publisher interface {
	// Publish returns when all events are acknowledged. Run calls it from one goroutine.
	Publish(ctx context.Context, events ...event.Event) error
}

// Stats says how far a run is.
type Stats struct {
	// Published counts acknowledged events by their type.
	Published map[string]int
	Total     int
	Elapsed   time.Duration
}

// PerSecond is the rate of acknowledged events.
func (s Stats) PerSecond() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Total) / s.Elapsed.Seconds()
}

// Run publishes the traffic of cfg in order and returns what was acknowledged, also with an error. questions replace
// the built-in ones; it may be empty. report, if not nil, is called after each batch.
func Run(ctx context.Context, cfg Config, questions []string, publisher Publisher, report func(Stats)) (Stats, error) {
	stats := Stats{Published: map[string]int{}}
	traffic, err := New(cfg, questions)
	if err != nil {
		return stats, err
	}
	start := time.Now()
	limit := rate.NewLimiter(rate.Inf, 0)
	if cfg.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(cfg.Rate), cfg.Batch)
	}
	for {
		events := traffic.batch(batchSize(cfg))
		if len(events) == 0 {
			return stats, nil
		}
		if err := limit.WaitN(ctx, len(events)); err != nil {
			return stats, fmt.Errorf("waiting for the next batch: %w", err)
		}
		if err := publisher.Publish(ctx, events...); err != nil {
			return stats, fmt.Errorf("publishing synthetic traffic: %w", err)
		}
		for _, e := range events {
			stats.Published[e.Type]++
		}
		stats.Total += len(events)
		stats.Elapsed = time.Since(start)
		if report != nil {
			copied := stats
			copied.Published = maps.Clone(stats.Published)
			report(copied)
		}
	}
}

// batchSize keeps slow traffic even: at most a tenth of a second's events at once.
func batchSize(cfg Config) int {
	if cfg.Rate == 0 {
		return cfg.Batch
	}
	return max(1, min(cfg.Batch, int(cfg.Rate/10)))
}
