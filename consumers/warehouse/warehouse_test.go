package warehouse

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestWaitWarnsOnceAndReturnsWhenClickHouseAnswers(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 4 {
			http.Error(out, "starting", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	w, err := Open(config(t, server.URL+"/x"), slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	require.NoError(t, w.Wait(t.Context()))
	require.EqualValues(t, 4, requests.Load())
	require.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := open(t, "http://127.0.0.1:1/x")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	t.Cleanup(cancel)
	require.Error(t, w.Wait(ctx))
}

func TestWaitGivesUpOnWrongPassword(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(enginetest.Start(t))
	require.NoError(t, err)
	u.User = url.UserPassword(u.User.Username(), "wrong")
	err = open(t, u.String()).Wait(t.Context())
	code, ok := Code(err)
	require.True(t, ok, err)
	require.Equal(t, 516, code)
}

// The analyst of the embedded engine is pinned to readonly=1, where changing any setting is refused.
func TestReaderNeedsNoSettings(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartEngine(t, func(cfg *clickhouse.Config) { cfg.OpenReadOnly = true })
	_, err := open(t, inDatabase(t, engine.DSN(), "ragline")).Migrate(t.Context())
	require.NoError(t, err)
	analyst := open(t, engine.URL()+"/ragline")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	_, err = analyst.Summary(ctx)
	require.NoError(t, err)
	_, err = analyst.Trace(ctx, "x")
	require.NoError(t, err)
	_, err = analyst.Table(ctx, "SELECT * FROM records_per_topic")
	require.NoError(t, err)
	_, err = analyst.Table(ctx, "CREATE TABLE x (a UInt8) ENGINE = Memory")
	require.Error(t, err)
}

func TestWaitNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	require.NoError(t, setup(t).Wait(t.Context()))
}

func TestTableShowsEveryType(t *testing.T) {
	t.Parallel()
	w := open(t, enginetest.Start(t))
	result, err := w.Table(t.Context(), "SELECT 18446744073709551615 AS big, toDecimal64('0.000000000001', 12) AS cost, "+
		"NULL AS nothing, map('a', [1, 2]) AS m, 'x\\n\\x1b[31my' AS hostile, true AS yes, nan AS n")
	require.NoError(t, err)
	require.Equal(t, []string{"big", "cost", "nothing", "m", "hostile", "yes", "n"}, result.Columns)
	require.Equal(t, "Decimal(18, 12)", result.Types[1])
	var text, lines bytes.Buffer
	require.NoError(t, result.WriteText(&text))
	require.Equal(t, "big                   cost            nothing  m            hostile         yes   n\n"+
		"18446744073709551615  0.000000000001  NULL     {\"a\":[1,2]}  x\\n\\u001b[31my  true  NULL\n", text.String())
	require.NoError(t, result.WriteJSON(&lines))
	require.Equal(t, `{"big":18446744073709551615,"cost":0.000000000001,"nothing":null,"m":{"a":[1,2]},"hostile":"x\n\u001b[31my","yes":true,"n":null}`+"\n", lines.String())
}

func TestStatementMayChooseItsFormat(t *testing.T) {
	t.Parallel()
	w := open(t, enginetest.Start(t))
	result, err := w.Table(t.Context(), "SELECT 1 AS a FORMAT CSVWithNames")
	require.NoError(t, err)
	require.Equal(t, "\"a\"\n1\n", string(result.Raw))
}

func TestStatementWithoutRowsIsEmpty(t *testing.T) {
	t.Parallel()
	w := open(t, enginetest.Start(t))
	result, err := w.Table(t.Context(), "CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a")
	require.NoError(t, err)
	require.Empty(t, result.Columns)
	result, err = w.Table(t.Context(), "SHOW TABLES")
	require.NoError(t, err)
	require.Len(t, result.Rows, 1)
}

func TestErrorInTheMiddleIsAnError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		_, _ = out.Write([]byte("{\"meta\":[]\r\n__exception__\r\nabcd\r\nCode: 241. DB::Exception: Memory limit\r\n40 abcd\r\n__exception__\r\n"))
	}))
	t.Cleanup(server.Close)
	_, err := open(t, server.URL).Table(t.Context(), "SELECT 1")
	code, ok := Code(err)
	require.True(t, ok, err)
	require.Equal(t, 241, code)
}
