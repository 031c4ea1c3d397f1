package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// settleTimeout bounds the wait until ClickHouse holds what Kafka holds; storing takes about a second.
const settleTimeout = time.Minute

// Difference is a topic of which ClickHouse does not hold exactly what Kafka holds.
type Difference struct {
	Topic string
	// InKafka counts records, Rows and Distinct what is stored of them.
	InKafka, Rows, Distinct uint64
}

// Compare returns the topics in which ClickHouse differs from Kafka's offsets: each offset that Kafka still holds is
// one row, and no row is doubled. What retention has removed from Kafka may be stored, or not in tables that were
// rebuilt later.
func Compare(ctx context.Context, b *broker.Broker, w *warehouse.Warehouse) ([]Difference, error) {
	names, err := b.DeadLetterTopics(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range topic.All() {
		names = append(names, t.Name)
	}
	stored, err := w.RecordsPerTopic(ctx)
	if err != nil {
		return nil, err
	}
	extents, err := b.Ranges(ctx, names...)
	if err != nil {
		return nil, err
	}
	counts := map[string]warehouse.TopicCount{}
	for _, c := range stored {
		counts[c.Topic] = c
	}
	var differences []Difference
	for _, name := range names {
		var ever uint64
		for _, r := range extents[name] {
			ever += uint64(r.End)
		}
		kept, err := records(ctx, b, name, extents[name])
		if err != nil {
			return nil, err
		}
		if c := counts[name]; c.Rows != c.DistinctOffsets || c.Rows < kept || c.Rows > ever {
			differences = append(differences, Difference{name, kept, c.Rows, c.DistinctOffsets})
		}
	}
	return differences, nil
}

// records counts what Kafka holds of a topic: by its offsets, or by reading it where compaction has left gaps.
func records(ctx context.Context, b *broker.Broker, name string, extents map[int32]broker.Range) (uint64, error) {
	var n uint64
	for _, r := range extents {
		n += uint64(r.End - r.Start)
	}
	if t, _ := topic.Get(name); !t.Compacted || n == 0 {
		return n, nil
	}
	n = 0
	err := b.Follow(ctx, broker.FollowConfig{Topics: []string{name}, Stop: true}, func(event.Record) error {
		n++
		return nil
	})
	return n, err
}

// settle waits until nothing differs, twice in a row: a consumer may still be about to publish.
func (d *Demo) settle(ctx context.Context) ([]Difference, error) {
	calm := 0
	var last []Difference
	wait := backoff.NewConstantBackOff(250 * time.Millisecond)
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		var err error
		if last, err = Compare(ctx, d.Broker, d.Warehouse); err != nil {
			return struct{}{}, err
		}
		calm++
		if len(last) > 0 {
			calm = 0
		}
		if calm < 2 {
			return struct{}{}, ErrUnsettled
		}
		return struct{}{}, nil
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(settleTimeout))
	if len(last) > 0 {
		return last, nil
	}
	return nil, err
}

// summarize prints what ClickHouse holds.
func (d *Demo) summarize(ctx context.Context) error {
	differences, err := d.settle(ctx)
	if err != nil {
		return fmt.Errorf("comparing ClickHouse with Kafka: %w", err)
	}
	s, err := d.Warehouse.Summary(ctx)
	if err != nil {
		return err
	}
	d.Out.Linef("%s", d.Out.Bold("what ClickHouse holds"))
	rows := make([][]string, len(s.Topics))
	for i, t := range s.Topics {
		rows[i] = []string{t.Topic, strconv.FormatUint(t.Rows, 10)}
	}
	d.Out.Table([]string{"topic", "records"}, rows)
	d.Out.Linef("spans %d in %d traces; answers %d; dead letters %d; cost %s USD over %d model calls", s.Spans, s.Traces, s.Answers, s.DeadLetters, s.CostUSD, s.Calls)
	means := make([]string, len(s.Scores))
	for i, m := range s.Scores {
		means[i] = m.Name + " " + mean(m)
	}
	d.Out.Linef("mean scores: %s", strings.Join(means, ", "))
	tiers := make([]string, len(s.Tiers))
	for i, t := range s.Tiers {
		tiers[i] = fmt.Sprintf("%s %d", t.Tier, t.Rows)
	}
	d.Out.Linef("dataset tiers: %s", strings.Join(tiers, ", "))
	if len(differences) == 0 {
		d.Out.Linef("%s", d.Out.Good("every count agrees with Kafka's offsets"))
		return nil
	}
	for _, diff := range differences {
		d.Out.Linef("%s", d.Out.Bad(fmt.Sprintf("%s: Kafka holds %d records, ClickHouse %d rows with %d distinct offsets", diff.Topic, diff.InKafka, diff.Rows, diff.Distinct)))
	}
	return ErrUnsettled
}

func mean(m warehouse.ScoreMean) string {
	if m.Mean == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *m.Mean)
}
