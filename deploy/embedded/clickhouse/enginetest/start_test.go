package enginetest_test

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestURLIsReadyForClickhouseGo(t *testing.T) {
	t.Parallel()
	opts, err := clickhouse.ParseDSN(enginetest.Start(t))
	require.NoError(t, err)
	conn, err := clickhouse.Open(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	require.NoError(t, conn.Ping(t.Context()))
	var one uint8
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT 1").Scan(&one))
	require.Equal(t, uint8(1), one)
}
