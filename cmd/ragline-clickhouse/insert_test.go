package main_test

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	engine "github.com/ragline/ragline/deploy/embedded/clickhouse"
)

const (
	table   = "CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a"
	hostile = "x\n\nDROP TABLE t"
)

func withTable(t *testing.T) api {
	a := setup(t)
	a.must(table)
	return a
}

func (a api) count() string {
	a.t.Helper()
	return strings.TrimSpace(a.must("SELECT count() FROM t"))
}

func TestValuesWithABlankLineAndSQLAreJustValues(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	for name, send := range map[string]func() answer{
		"data in the body": func() answer {
			return a.post(query("INSERT INTO t FORMAT JSONEachRow"), `{"a":1,"s":"x\n\nDROP TABLE t"}`)
		},
		"tab separated": func() answer {
			return a.post(query("INSERT INTO t FORMAT CSV"), "1,\""+hostile+"\"\n")
		},
		"statement and data in the body": func() answer {
			return a.post("", "INSERT INTO t FORMAT CSV\n1,\""+hostile+"\"\n")
		},
		"VALUES": func() answer { return a.post("", "INSERT INTO t VALUES (1, '"+hostile+"')") },
		"VALUES by parameter": func() answer {
			return a.post("param_s="+"x%5Cn%5CnDROP%20TABLE%20t", "INSERT INTO t VALUES (1, {s:String})")
		},
	} {
		got := send()
		require.Equal(t, http.StatusOK, got.status, "%s: %s", name, got.body)
		require.Contains(t, got.header.Get("X-ClickHouse-Summary"), `"written_rows":"1"`, name)
		require.Equal(t, "1\tx\\n\\nDROP TABLE t\n", a.must("SELECT * FROM t"), name)
		a.must("TRUNCATE TABLE t")
	}
}

func TestInsertTakesEachContentEncoding(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	for name, encode := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd":    func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
	} {
		req := a.request(http.MethodPost, query("INSERT INTO t FORMAT TSV"), compressed(t, "1\t"+name+"\n", encode))
		req.Header.Set("Content-Encoding", name)
		got := a.do(req)
		require.Equal(t, http.StatusOK, got.status, "%s: %s", name, got.body)
	}
	require.Equal(t, "4", a.count())
	req := a.request(http.MethodPost, query("INSERT INTO t FORMAT TSV"), strings.NewReader("x"))
	req.Header.Set("Content-Encoding", "snappy")
	require.Equal(t, "89", a.do(req).code())
}

// A client that dies in the middle of its body has not asked for anything to be stored.
func TestTruncatedBodiesStoreNothing(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	gz, err := io.ReadAll(compressed(t, "1\ta\n2\tb\n", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }))
	require.NoError(t, err)
	for name, raw := range map[string]string{
		"content length": "Content-Length: 1000\r\n\r\n1\ta\n2\tb\n",
		"chunked":        "Transfer-Encoding: chunked\r\n\r\n8\r\n1\ta\n2\tb\n\r\n",
		"whole gzip in chunks without an end": fmt.Sprintf(
			"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(gz), gz),
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST /?%s HTTP/1.1\r\nHost: localhost\r\nX-ClickHouse-Key: %s\r\n%s",
			query("INSERT INTO t FORMAT TSV"), ownerToken, raw)
		require.NoError(t, err)
		require.NoError(t, conn.(*net.TCPConn).CloseWrite())
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, name)
		require.Equal(t, "117", res.Header.Get("X-ClickHouse-Exception-Code"), name)
		require.NoError(t, res.Body.Close())
		require.NoError(t, conn.Close())
		require.Equal(t, "0", a.count(), name)
	}
}

func TestCutGzipBodyStoresNothing(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	data, err := io.ReadAll(compressed(t, strings.Repeat("1\ta\n", 1000), func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }))
	require.NoError(t, err)
	req := a.request(http.MethodPost, query("INSERT INTO t FORMAT TSV"), strings.NewReader(string(data[:len(data)-5])))
	req.Header.Set("Content-Encoding", "gzip")
	require.Equal(t, "117", a.do(req).code())
	require.Equal(t, "0", a.count())
}

func TestBadDataStoresNothingAndSaysWhere(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	got := a.post(query("INSERT INTO t FORMAT TSV"), "1\ta\nno\tb\n")
	require.Equal(t, "27", got.code())
	require.Contains(t, got.body, "Row 2")
	require.Equal(t, "0", a.count())
}

func TestEndlessInlineDataIsStreamed(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	got := a.post("", "INSERT INTO t FORMAT TSV\n"+strings.Repeat("1\tsome text to fill the buffers\n", 400_000))
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, "400000", a.count())
}

// The client hears the engine's error though it is still sending.
func TestErrorOfALargeInsertReachesItsClient(t *testing.T) {
	t.Parallel()
	a := setup(t)
	big := strings.Repeat("1\tsome text to fill the buffers\n", 1_000_000)
	for range 5 {
		got := a.post(query("INSERT INTO nowhere FORMAT TSV"), big)
		require.Equal(t, "60", got.code(), got.body)
	}
}

func TestInsertSelectRuns(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	a.must("INSERT INTO t SELECT number, 'x' FROM numbers(10)")
	require.Equal(t, "10", a.count())
}

// Nothing acknowledged is lost when the engine is killed, and it comes back at its address.
func TestAcknowledgedRowsOutliveAKill(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	a := asOwner(t, e)
	a.must(table)
	for i := range 5 {
		a.must(fmt.Sprintf("INSERT INTO t VALUES (%d, 'kept')", i))
	}
	kill(t, e)
	require.Equal(t, "5", a.count())
	a.must("INSERT INTO t VALUES (6, 'more')")
	require.Equal(t, "6", a.count())
}

func kill(t *testing.T, e *engine.Engine) {
	t.Helper()
	killPID(t, e.PID())
	require.Eventually(t, func() bool { return e.Restarts() == 1 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, e.Wait(t.Context()))
	require.NoError(t, e.Check(t.Context()))
}
