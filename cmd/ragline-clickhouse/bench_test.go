package main_test

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func benchConn(b *testing.B) clickhouse.Conn {
	b.Helper()
	opts, err := clickhouse.ParseDSN(enginetest.Start(b))
	require.NoError(b, err)
	conn, err := clickhouse.Open(opts)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

func BenchmarkSelectOne(b *testing.B) {
	conn := benchConn(b)
	b.ReportAllocs()
	for b.Loop() {
		var one uint8
		require.NoError(b, conn.QueryRow(b.Context(), "SELECT 1").Scan(&one))
	}
}

// BenchmarkInsert sends batches of 10,000 rows of about 640 bytes, uncompressed.
func BenchmarkInsert(b *testing.B) {
	const rows = 10_000
	conn := benchConn(b)
	require.NoError(b, conn.Exec(b.Context(), "CREATE TABLE b (id UInt64, model LowCardinality(String), text String) ENGINE = MergeTree ORDER BY id"))
	text := make([]byte, 600)
	for i := range text {
		text[i] = byte('a' + i%26)
	}
	b.ReportAllocs()
	for b.Loop() {
		batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO b")
		require.NoError(b, err)
		for i := range rows {
			require.NoError(b, batch.Append(uint64(i), "model", string(text)))
		}
		require.NoError(b, batch.Send())
	}
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}
