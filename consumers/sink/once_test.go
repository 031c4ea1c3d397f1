package sink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// crashing is a store that fails before or after an insert, as a crash or a lost answer would.
type crashing struct {
	store
	random  *rand.Rand
	crashes int
	tokens  []string
}

var errLost = errors.New("crashed here")

func (c *crashing) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	c.tokens = append(c.tokens, token)
	before, after := c.random.IntN(6) == 0, c.random.IntN(6) == 0
	if before {
		c.crashes++
		return errLost
	}
	if err := c.store.Insert(ctx, table, token, columns); err != nil {
		return err
	}
	if after {
		c.crashes++
		return errLost
	}
	return nil
}

// locked lets the tasks of several partitions share a store that is not safe for that.
type locked struct {
	store
	mu sync.Mutex
}

func (l *locked) Insert(ctx context.Context, table, token string, columns proto.Input) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.store.Insert(ctx, table, token, columns)
}

// mixed is a partition of reviews: two tables, and raw records between them.
func mixed(t *testing.T, n int) *log {
	t.Helper()
	l := &log{topic: topic.Reviews}
	start := time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)
	for i := range n {
		e := event.Event{ID: fmt.Sprint("e", i), Source: "test", Tenant: "acme", Time: start.Add(time.Duration(i) * time.Hour)}
		switch i % 7 {
		case 0, 1, 2:
			e.Data = &event.ReviewRequested{ReviewId: fmt.Sprint("r", i)}
		case 3, 4, 5:
			e.Data = &event.ReviewDecided{ReviewId: fmt.Sprint("r", i-3), ThreadId: "t", Decision: event.Decision_DECISION_APPROVE}
		default:
			l.add(event.Record{Value: []byte("poison")})
			continue
		}
		e.Type = event.TypeOf(e.Data)
		l.add(encoded(t, e))
	}
	return l
}

func (b bundle) requireOnce(t *testing.T, l *log) {
	t.Helper()
	n := len(l.records)
	require.Equal(t, fmt.Sprintf("[%d,%d,%d,%d]", n, n, 0, n-1),
		b.one(t, "SELECT [count(), uniqExact(offset), min(offset), max(offset)] FROM records WHERE topic = '"+l.topic+"'"))
}

func TestEveryRecordIsStoredOnceOverCrashes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			l := mixed(t, 1200)
			random := rand.New(rand.NewPCG(seed, 7))
			c := &crashing{store: b.store, random: random}
			for from := 0; from < len(l.records); {
				to := min(len(l.records), from+1+random.IntN(200))
				replayed := false
				for s := newSink(config(t), c, b.logger, time.Now); s.HandleBatch(t.Context(), l.batch(from, to, replayed)) != nil; {
					if random.IntN(2) == 0 { // a crash of the process; else the runtime tries again
						s, replayed = newSink(config(t), c, b.logger, time.Now), true
					}
				}
				from = to
			}
			require.Greater(t, c.crashes, 3)
			b.requireOnce(t, l)
		})
	}
}

func TestTokensAreThoseOfTheRange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := &crashing{store: b.store, random: rand.New(rand.NewPCG(1, 1))}
	l := mixed(t, 20)
	s := newSink(config(t), c, b.logger, time.Now)
	for s.HandleBatch(t.Context(), l.batch(5, 20, true)) != nil {
	}
	for _, token := range c.tokens {
		require.Regexp(t, `^ragline/ragline\.reviews/0/5-20/(review_requests|review_decisions|raw_records)$`, token)
	}
}

// As after an outage that outlasted ClickHouse's window, or of a table made without one.
func TestReplayIsAbsorbedWithoutTheWindow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 700)
	require.NoError(t, b.HandleBatch(t.Context(), l.batch(0, 500, false)))
	for _, table := range []string{"review_requests", "review_decisions", "raw_records"} {
		_, err := b.warehouse.Table(t.Context(), "ALTER TABLE "+table+" MODIFY SETTING non_replicated_deduplication_window = 0")
		require.NoError(t, err)
	}
	next := newSink(config(t), b.store, b.logger, time.Now)
	require.NoError(t, next.HandleBatch(t.Context(), l.batch(0, 500, true)))
	require.NoError(t, next.HandleBatch(t.Context(), l.batch(500, 700, false)))
	b.requireOnce(t, l)
}

func TestRewoundGroupStoresNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 1000)
	for from := 0; from < 1000; from += 100 {
		require.NoError(t, b.HandleBatch(t.Context(), l.batch(from, from+100, false)))
	}
	next := newSink(config(t), b.store, b.logger, time.Now)
	for from := 30; from < 1000; from += 97 { // other boundaries, other tokens
		require.NoError(t, next.HandleBatch(t.Context(), l.batch(from, min(1000, from+97), false)))
	}
	b.requireOnce(t, l)
}

func TestTableThatLostRowsIsRefilled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := mixed(t, 300)
	require.NoError(t, b.HandleBatch(t.Context(), l.all()))
	_, err := b.warehouse.Table(t.Context(), "TRUNCATE TABLE review_decisions")
	require.NoError(t, err)
	next := newSink(Config{Cluster: "rebuild"}, b.store, b.logger, time.Now)
	require.NoError(t, next.HandleBatch(t.Context(), l.all()))
	b.requireOnce(t, l)
}

func TestTopicThatWasMadeAgainIsNotTakenForTheOldOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	b.handled(t, topic.Queries, asked(t, "old", "old", now))
	fresh := &log{topic: topic.Queries}
	fresh.add(asked(t, "new", "new", now))
	err := newSink(config(t), b.store, b.logger, time.Now).HandleBatch(t.Context(), fresh.all())
	require.ErrorIs(t, err, ErrOtherLog)
	require.ErrorContains(t, err, "storing ragline.queries/0 from 0 to 1: event new at offset 0")
}

func TestBatchOfManyMonthsIsDivided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := &log{topic: topic.Queries}
	start := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 260 {
		l.add(asked(t, fmt.Sprint("e", i), "q", start.AddDate(0, i%210, 0)))
	}
	c := &crashing{store: b.store, random: rand.New(rand.NewPCG(3, 3))}
	s := newSink(config(t), c, b.logger, time.Now)
	for s.HandleBatch(t.Context(), l.all()) != nil {
	}
	b.requireOnce(t, l)
	require.Contains(t, c.tokens, "ragline/ragline.queries/0/0-260/queries/2")
	for _, token := range c.tokens {
		require.False(t, strings.HasSuffix(token, "/3"), token)
	}
}

func TestGoAndClickHouseAgreeOnPartitions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.handled(t, topic.Queries,
		asked(t, "a", "q", time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("east", 3600))),
		asked(t, "b", "q", time.Date(2099, 12, 31, 23, 59, 59, 999_999_999, time.UTC)),
		asked(t, "c", "q", time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)),
	)
	var want []string
	for _, r := range l.records {
		placed := b.tables.place(r)
		want = append(want, fmt.Sprintf(`{"_partition_id":"%d"}`, placed.table.partition(placed)))
	}
	require.Equal(t, want, b.rows(t, "SELECT _partition_id FROM queries ORDER BY _offset"))
}

func TestConfigNamesWhatItRefuses(t *testing.T) {
	t.Parallel()
	require.NoError(t, config(t).Validate())
	require.ErrorContains(t, Config{Cluster: "a/b"}.Validate(), "RAGLINE_SINK_CLUSTER")
	require.ErrorContains(t, Config{}.Validate(), "RAGLINE_SINK_CLUSTER")
}

func TestTopicsAreTheCatalogueAndDeadLetters(t *testing.T) {
	t.Parallel()
	names := Topics("agent", "sink")
	require.Len(t, names, len(topic.All())+2)
	require.Contains(t, names, "ragline.dlq.agent")
}
