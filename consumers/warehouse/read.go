package warehouse

import (
	"context"
	"fmt"
	"time"
)

// Select runs a query through clickhouse-go and appends the rows to dest, a pointer to a slice of structs whose
// fields carry ch tags. Arguments replace ? or {name:Type} in the query.
func (w *Warehouse) Select(ctx context.Context, dest any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	return w.conn.Select(timeless{ctx}, dest, query, args...)
}

// timeless ends like its context, but does not tell when: clickhouse-go makes max_execution_time of a deadline, and
// a user with readonly=1 may change no setting.
type timeless struct{ context.Context }

func (timeless) Deadline() (time.Time, bool) { return time.Time{}, false }

// TopicCount says what is stored of a topic.
type TopicCount struct {
	Topic string `ch:"topic"`
	// Rows and DistinctOffsets are equal unless a record was stored twice.
	Rows            uint64 `ch:"rows"`
	DistinctOffsets uint64 `ch:"distinct_offsets"`
	// DistinctEvents is lower where a producer published an event again.
	DistinctEvents uint64    `ch:"distinct_events"`
	FirstTime      time.Time `ch:"first_time"`
	LastTime       time.Time `ch:"last_time"`
}

// RecordsPerTopic reads the view records_per_topic.
func (w *Warehouse) RecordsPerTopic(ctx context.Context) ([]TopicCount, error) {
	var rows []TopicCount
	err := w.Select(ctx, &rows, "SELECT topic, rows, distinct_offsets, distinct_events, first_time, last_time FROM records_per_topic")
	if err != nil {
		return nil, fmt.Errorf("counting records: %w", err)
	}
	return rows, nil
}

// ScoreMean is the mean of a measure over everything stored.
type ScoreMean struct {
	Name   string `ch:"name"`
	Scores uint64 `ch:"scores"`
	// WithValue counts the scores that Mean is over.
	WithValue uint64   `ch:"with_value"`
	Mean      *float64 `ch:"mean"`
}

// DatasetTier is a tier of the latest dataset of a series.
type DatasetTier struct {
	Dataset string `ch:"name"`
	Tier    string `ch:"tier"`
	Rows    int64  `ch:"rows"`
}

// Summary is what a demo shows at its end.
type Summary struct {
	Topics  []TopicCount
	Spans   uint64
	Traces  uint64
	Answers uint64
	// Calls are model calls; CallsWithoutCost of them have no known cost. CostUSD is exact decimal text.
	Calls, CallsWithoutCost uint64
	CostUSD                 string
	Scores                  []ScoreMean
	Tiers                   []DatasetTier
	DeadLetters             uint64
	RawRecords              uint64
}

// Summary counts over everything stored; repeats of an event count once.
func (w *Warehouse) Summary(ctx context.Context) (Summary, error) {
	var s Summary
	var err error
	if s.Topics, err = w.RecordsPerTopic(ctx); err != nil {
		return Summary{}, err
	}
	row := w.conn.QueryRow(timeless{ctx}, `SELECT
    (SELECT uniqExact(event_id) FROM spans), (SELECT uniqExact(trace_id) FROM spans), (SELECT uniqExact(event_id) FROM answers),
    (SELECT uniqExact(event_id) FROM dead_letters), (SELECT count() FROM raw_records),
    sum(calls), sum(calls_without_cost), toString(sum(ifNull(cost_usd, 0))) FROM cost_by_model`)
	err = row.Scan(&s.Spans, &s.Traces, &s.Answers, &s.DeadLetters, &s.RawRecords, &s.Calls, &s.CallsWithoutCost, &s.CostUSD)
	if err != nil {
		return Summary{}, fmt.Errorf("counting spans and costs: %w", err)
	}
	err = w.Select(ctx, &s.Scores, `SELECT name, sum(scores) AS scores, sum(with_value) AS with_value,
    if(with_value = 0, NULL, sumIf(mean * score_means.with_value, score_means.with_value > 0) / with_value) AS mean
FROM score_means GROUP BY name ORDER BY name`)
	if err != nil {
		return Summary{}, fmt.Errorf("reading score means: %w", err)
	}
	if err = w.Select(ctx, &s.Tiers, "SELECT name, tier, rows FROM dataset_tiers"); err != nil {
		return Summary{}, fmt.Errorf("reading dataset tiers: %w", err)
	}
	return s, nil
}
