package warehouse

import (
	"strconv"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func numbers(n int) proto.Input {
	var ids proto.ColInt64
	words := new(proto.ColStr).LowCardinality()
	for i := range n {
		ids.Append(int64(i))
		words.Append("word " + strconv.Itoa(i%7))
	}
	return proto.Input{{Name: "id", Data: &ids}, {Name: "word", Data: words}}
}

// setupTable returns a warehouse with the table t and a rollup of it.
func setupTable(t *testing.T, address string) *Warehouse {
	t.Helper()
	w := open(t, inDatabase(t, address, "ragline"))
	require.NoError(t, w.prepare(t.Context()))
	for _, statement := range []string{
		"CREATE TABLE t (id Int64, word LowCardinality(String)) ENGINE = MergeTree ORDER BY id PARTITION BY id % 3 SETTINGS non_replicated_deduplication_window = 1000",
		"CREATE TABLE rollup (word LowCardinality(String), n UInt64) ENGINE = SummingMergeTree ORDER BY word SETTINGS non_replicated_deduplication_window = 1000",
		"CREATE MATERIALIZED VIEW to_rollup TO rollup AS SELECT word, count() AS n FROM t GROUP BY word",
	} {
		require.NoError(t, w.exec(t.Context(), w.Database(), statement))
	}
	return w
}

func one(t *testing.T, w *Warehouse, sql string) string {
	t.Helper()
	result, err := w.Table(t.Context(), sql)
	require.NoError(t, err)
	require.Len(t, result.Rows, 1)
	return Cell(result.Rows[0][0])
}

func TestRepeatedTokenStoresNothing(t *testing.T) {
	t.Parallel()
	w := setupTable(t, enginetest.Start(t))
	require.NoError(t, w.Insert(t.Context(), "t", "a", numbers(1000)))
	require.NoError(t, w.Insert(t.Context(), "t", "a", numbers(1000)))
	require.Equal(t, "1000", one(t, w, "SELECT count() FROM t"))
	require.Equal(t, "1000", one(t, w, "SELECT sum(n) FROM rollup"))
	require.NoError(t, w.Insert(t.Context(), "t", "b", numbers(1000)))
	require.Equal(t, "2000", one(t, w, "SELECT count() FROM t"))
}

// The sink leaves out rows that are stored. What remains for other partitions must not be taken for a repeat.
func TestTokenCountsForEachTablePartition(t *testing.T) {
	t.Parallel()
	w := setupTable(t, enginetest.Start(t))
	only := func(ids ...int64) proto.Input {
		column := proto.ColInt64(ids)
		words := new(proto.ColStr).LowCardinality()
		for range ids {
			words.Append("w")
		}
		return proto.Input{{Name: "id", Data: &column}, {Name: "word", Data: words}}
	}
	require.NoError(t, w.Insert(t.Context(), "t", "a", only(0, 3)))
	require.NoError(t, w.Insert(t.Context(), "t", "a", only(1, 4)))
	require.NoError(t, w.Insert(t.Context(), "t", "a", only(0, 1, 2)))
	require.Equal(t, "[0,1,2,3,4]", one(t, w, "SELECT groupArray(id) FROM (SELECT id FROM t ORDER BY id)"))
}

// ch-go before 0.72 wrote wrong words when a block was encoded again.
func TestBlockMayBeEncodedAgain(t *testing.T) {
	t.Parallel()
	w := setupTable(t, enginetest.Start(t))
	block := numbers(300)
	require.NoError(t, w.Insert(t.Context(), "t", "a", block))
	require.NoError(t, w.Insert(t.Context(), "t", "b", block))
	require.Equal(t, "0", one(t, w, "SELECT count() FROM t WHERE word != concat('word ', toString(id % 7))"))
}

func TestCompressedInsertIsRead(t *testing.T) {
	t.Parallel()
	w := setupTable(t, enginetest.Start(t))
	w.compress = true // as to a server elsewhere
	require.NoError(t, w.Insert(t.Context(), "t", "a", numbers(200_000)))
	require.Equal(t, "200000", one(t, w, "SELECT count() FROM t"))
}

func TestInsertNamesTableAndCode(t *testing.T) {
	t.Parallel()
	w := setupTable(t, enginetest.Start(t))
	err := w.Insert(t.Context(), "nowhere", "a", numbers(1))
	require.ErrorContains(t, err, "inserting into nowhere")
	code, ok := Code(err)
	require.True(t, ok)
	require.Equal(t, 60, code)
}

func TestNothingIsInsertedWithoutRows(t *testing.T) {
	t.Parallel()
	w := open(t, "http://127.0.0.1:1/nobody")
	require.NoError(t, w.Insert(t.Context(), "t", "a", numbers(0)))
	require.NoError(t, w.Insert(t.Context(), "t", "a", nil))
}
