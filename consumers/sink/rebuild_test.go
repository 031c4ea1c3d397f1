package sink

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/schemas/topic"
)

func (b bundle) rebuild(t testing.TB, kafka *streamtest.Cluster, table string) uint64 {
	t.Helper()
	rows, err := Rebuild(t.Context(), kafka.Broker, b.warehouse, b.logger, table, nil)
	require.NoError(t, err)
	return rows
}

func TestRebuiltTableHasTheRowsOfTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 300)
	for _, table := range []string{"spans", "spans_full", "raw_records", "dead_letters"} {
		before := b.one(t, "SELECT count() FROM "+table)
		b.run(t, "ALTER TABLE "+table+" DELETE WHERE _offset % 2 = 0 SETTINGS mutations_sync = 2")
		b.run(t, "INSERT INTO "+table+" SELECT * FROM "+table)
		b.rebuild(t, kafka, table)
		require.Equal(t, before, b.one(t, "SELECT count() FROM "+table))
	}
	require.True(t, b.verify(t, kafka).OK())
	require.Equal(t, "0", b.one(t, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '%_rebuild'"))
	require.Equal(t, b.one(t, "SELECT sum(spans) FROM spans_per_minute"), b.one(t, "SELECT count() FROM spans"))
}

func TestRebuildKeepsWhatTheLogForgot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 300)
	rows := b.one(t, "SELECT count() FROM queries")
	for _, c := range b.verify(t, kafka).Partitions {
		if c.Topic == topic.Queries && c.Records > 1 {
			require.NoError(t, kafka.Fake.DeleteRecords(c.Topic, c.Partition, c.To-1))
		}
	}
	// A topic that is no longer there.
	b.run(t, "INSERT INTO queries SELECT * REPLACE ('gone' AS _topic) FROM queries LIMIT 1")
	b.rebuild(t, kafka, "queries")
	require.Equal(t, rows, b.one(t, "SELECT count() FROM queries WHERE _topic != 'gone'"))
	require.Equal(t, "1", b.one(t, "SELECT count() FROM queries WHERE _topic = 'gone'"))
	require.True(t, b.verify(t, kafka).OK())
}

func TestRebuildGoesOnBesideTheSink(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 300)
	b.start(t, kafka, newSink(config(t), b.store, b.logger, time.Now))
	var published sync.WaitGroup
	published.Go(func() {
		for range 10 {
			streamtest.PublishRecords(t, kafka.Broker, traffic(t, 50)...)
		}
	})
	for _, table := range []string{"spans", "queries", "raw_records"} {
		b.rebuild(t, kafka, table)
	}
	published.Wait()
	b.awaitRows(t, 800)
	require.True(t, b.verify(t, kafka).OK(), "%+v", b.verify(t, kafka).wrong())
}

// The sink has stored a batch into the old table when the tables are swapped, and commits it afterwards.
func TestBatchInHandAtTheSwapIsStoredAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := b.settled(t, 100)
	rebuilt := make(chan error, 1)
	var once sync.Once
	var armed atomic.Bool
	r := &recording{store: b.store, after: func(table, _ string) error {
		if table == "queries" && armed.Load() {
			once.Do(func() {
				swapped := make(chan struct{})
				rebuild := newRebuild(kafka.Broker, b.warehouse, b.logger, "queries")
				rebuild.swapped = func() { close(swapped) }
				go func() { rebuilt <- rebuild.run(t.Context()) }()
				<-swapped
			})
		}
		return nil
	}}
	b.start(t, kafka, newSink(config(t), &locked{store: r}, b.logger, time.Now))
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, 100)...)
	b.awaitRows(t, 200)
	armed.Store(true) // from now on batches continue, so that the sink does not look them up itself
	streamtest.PublishRecords(t, kafka.Broker, traffic(t, 100)...)
	require.NoError(t, <-rebuilt)
	b.awaitRows(t, 300)
	require.True(t, b.verify(t, kafka).OK(), "%+v", b.verify(t, kafka).wrong())
}

func TestRebuildRefusesTablesThatAreNotTheSinks(t *testing.T) {
	t.Parallel()
	_, err := Rebuild(t.Context(), nil, nil, nil, "schema_migrations", nil)
	require.ErrorIs(t, err, ErrUnknownTable)
	require.True(t, slices.IsSorted(TableNames()))
	require.Len(t, TableNames(), 18)
}
