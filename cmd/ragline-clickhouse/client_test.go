package main_test

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func methods() map[string]clickhouse.CompressionMethod {
	return map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone,
		"lz4":  clickhouse.CompressionLZ4,
		"zstd": clickhouse.CompressionZSTD,
		"gzip": clickhouse.CompressionGZIP,
		"zlib": clickhouse.CompressionDeflate,
		"br":   clickhouse.CompressionBrotli,
	}
}

type row struct {
	ID     uint64
	Tags   map[string]string
	Scores []float64
	Note   *string
	Model  string
	Maybe  *string
	At     time.Time
}

const rowTable = `CREATE TABLE answers (
	ID UInt64, Tags Map(String, String), Scores Array(Float64), Note Nullable(String),
	Model LowCardinality(String), Maybe LowCardinality(Nullable(String)), At DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY ID`

func TestBatchesComeBackAsTheyWereSent(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	note := "a blank line\n\nDROP TABLE answers"
	want := []row{
		{1, map[string]string{"team": "a"}, []float64{0.5, 1}, &note, "small", &note, time.UnixMilli(1_700_000_000_123).UTC()},
		{2, map[string]string{}, []float64{}, nil, "large", nil, time.UnixMilli(0).UTC()},
	}
	for name, method := range methods() {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, method)
			require.NoError(t, conn.Exec(t.Context(), "DROP TABLE IF EXISTS answers"))
			require.NoError(t, conn.Exec(t.Context(), rowTable))
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO answers")
			require.NoError(t, err)
			for _, r := range want {
				require.NoError(t, batch.AppendStruct(&r))
			}
			require.NoError(t, batch.Send())
			var got []row
			require.NoError(t, conn.Select(t.Context(), &got, "SELECT * FROM answers ORDER BY ID"))
			require.Equal(t, want, got)
		})
	}
}

func TestLargeResultsStreamUnderEachCompression(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for name, method := range methods() {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, method)
			rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(300000)")
			require.NoError(t, err)
			var n, count uint64
			for ; rows.Next(); count++ {
				require.NoError(t, rows.Scan(&n))
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			require.Equal(t, uint64(300000), count)
		})
	}
}

func TestParametersAreBound(t *testing.T) {
	t.Parallel()
	conn := open(t, start(t, nil), clickhouse.CompressionNone)
	var text string
	var sum uint16
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"s": "it's {here}", "n": "41"}))
	require.NoError(t, conn.QueryRow(ctx, "SELECT {s:String}, {n:UInt8} + 1").Scan(&text, &sum))
	require.Equal(t, "it's {here}", text)
	require.Equal(t, uint16(42), sum)
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT ?", "it's").Scan(&text))
	require.Equal(t, "it's", text)
}

func TestJSONColumnsAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	conn := open(t, start(t, nil), clickhouse.CompressionNone)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE j (doc JSON) ENGINE = MergeTree ORDER BY tuple()"))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
		"output_format_native_write_json_as_string": "1",
	}))
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO j")
	require.NoError(t, err)
	require.NoError(t, batch.Append(`{"name":"x","depth":{"n":7}}`))
	require.NoError(t, batch.Send())
	var doc string
	require.NoError(t, conn.QueryRow(ctx, "SELECT doc FROM j").Scan(&doc))
	require.JSONEq(t, `{"name":"x","depth":{"n":7}}`, doc)
	var n string
	require.NoError(t, conn.QueryRow(ctx, "SELECT toString(doc.depth.n) FROM j").Scan(&n))
	require.Equal(t, "7", n)
}

func TestEngineErrorsAreTyped(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for name, method := range methods() {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, method)
			err := conn.Exec(t.Context(), "SELECT * FROM nowhere")
			var exception *clickhouse.Exception
			require.ErrorAs(t, err, &exception)
			require.Equal(t, int32(60), exception.Code)
		})
	}
}

func TestErrorInTheMiddleOfAResultIsTyped(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for name, method := range methods() {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, method)
			ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1000}))
			rows, err := conn.Query(ctx, "SELECT throwIf(number = 500000) FROM numbers(1000000)")
			require.NoError(t, err)
			for rows.Next() {
			}
			var exception *clickhouse.Exception
			require.ErrorAs(t, rows.Err(), &exception)
			require.Equal(t, int32(395), exception.Code)
			require.Contains(t, exception.Message, "throwIf")
			_ = rows.Close() // gives the same error again
		})
	}
}

func TestCanceledQueryLeavesTheEngine(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	conn := open(t, e, clickhouse.CompressionNone)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- conn.Exec(ctx, "SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0")
	}()
	running := func() uint64 {
		var n uint64
		require.NoError(t, conn.QueryRow(t.Context(),
			"SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%processes%'").Scan(&n))
		return n
	}
	require.Eventually(t, func() bool { return running() == 1 }, 10*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool { return running() == 0 }, 10*time.Second, 10*time.Millisecond)
}

func TestAsyncInsertWaitsForItsRows(t *testing.T) {
	t.Parallel()
	conn := open(t, start(t, nil), clickhouse.CompressionNone)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE a (x Int32) ENGINE = MergeTree ORDER BY x"))
	require.NoError(t, conn.Exec(
		clickhouse.Context(t.Context(), clickhouse.WithAsync(true)), "INSERT INTO a VALUES (1), (2)"))
	var n uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM a").Scan(&n))
	require.Equal(t, uint64(2), n)
}

func TestEmptyResultHasNoRows(t *testing.T) {
	t.Parallel()
	conn := open(t, start(t, nil), clickhouse.CompressionLZ4)
	rows, err := conn.Query(t.Context(), "SELECT 1 AS a WHERE 0")
	require.NoError(t, err)
	require.False(t, rows.Next())
	require.NoError(t, rows.Close())
	require.NoError(t, rows.Err())
}
