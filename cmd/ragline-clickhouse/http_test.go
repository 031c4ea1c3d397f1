package main_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func killPID(t *testing.T, pid int) {
	t.Helper()
	require.NotZero(t, pid)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

func TestPingNeedsNoPassword(t *testing.T) {
	t.Parallel()
	a := setup(t)
	for _, path := range []string{"/ping", "/replicas_status"} {
		res, err := http.Get(a.url + path)
		require.NoError(t, err)
		data, _ := io.ReadAll(res.Body)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "Ok.\n", string(data))
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestQueryComesByURLOrBodyOrBoth(t *testing.T) {
	t.Parallel()
	a := setup(t)
	require.Equal(t, "1\n", a.get(query("SELECT 1")).body)
	require.Equal(t, "1\n", a.post("", "SELECT 1").body)
	require.Equal(t, "1\t2\n", a.post(query("SELECT 1,"), "2").body)
	require.Equal(t, "3\n", a.post("param_a=1&param_b=2", "SELECT {a:UInt8} + {b:UInt8}").body)
	require.Equal(t, `{"1":1}`+"\n", a.get(query("SELECT 1")+"&default_format=JSONEachRow").body)
	require.Equal(t, "1;\n", a.get(query("SELECT '1;'")).body)
	require.Equal(t, "Ok.\n", a.do(a.request(http.MethodGet, "", nil)).body)
}

func TestHeadersDescribeTheResult(t *testing.T) {
	t.Parallel()
	got := setup(t).get(query("SELECT 1 FORMAT JSON") + "&query_id=mine")
	require.Equal(t, "JSON", got.header.Get("X-ClickHouse-Format"))
	require.Equal(t, "mine", got.header.Get("X-ClickHouse-Query-Id"))
	require.NotEmpty(t, got.header.Get("X-ClickHouse-Timezone"))
	require.Equal(t, "ragline", got.header.Get("X-ClickHouse-Server-Display-Name"))
	require.Contains(t, got.header.Get("X-ClickHouse-Summary"), `"result_rows":"1"`)
	require.Equal(t, "application/json; charset=UTF-8", got.header.Get("Content-Type"))
}

func TestSeveralStatementsAreRefused(t *testing.T) {
	t.Parallel()
	a := withTable(t)
	for _, sql := range []string{
		"DROP TABLE t; DROP TABLE t",
		"DROP TABLE t; nonsense",
		"SELECT 1; DROP TABLE t",
		"INSERT INTO t VALUES (1, 'x'); DROP TABLE t",
		"SELECT 1;;DROP TABLE t",
	} {
		for _, got := range []answer{a.post("", sql), a.post(query(sql), "")} {
			require.Equal(t, "62", got.code(), "%s: %s", sql, got.body)
			require.Equal(t, http.StatusBadRequest, got.status)
		}
	}
	got := a.post(query("INSERT INTO t VALUES"), "(1, 'x'); DROP TABLE t")
	require.Equal(t, "62", got.code(), got.body)
	got = a.post("", "INSERT INTO t VALUES "+strings.Repeat("(1, 'some text'),", 10_000)+"(1, 'x'); DROP TABLE t")
	require.Equal(t, "62", got.code(), got.body)
	require.Equal(t, "0", a.count())
}

func TestUnknownSettingIsNamed(t *testing.T) {
	t.Parallel()
	a := setup(t)
	for _, name := range []string{"no_such_setting", "path", "config-file", "log_commment"} {
		got := a.get(query("SELECT 1") + "&" + name + "=x")
		require.Equal(t, "115", got.code())
		require.Equal(t, http.StatusNotFound, got.status)
		require.Contains(t, got.body, name)
	}
}

func TestBadSettingValueSaysWhy(t *testing.T) {
	t.Parallel()
	got := setup(t).get(query("SELECT 1") + "&max_threads=lots")
	require.NotEmpty(t, got.code())
	require.Contains(t, got.body, "lots")
}

func TestSettingHoldsForItsRequest(t *testing.T) {
	t.Parallel()
	a := setup(t)
	require.Equal(t, "77\n", a.get(query("SELECT getSetting('max_block_size')")+"&max_block_size=77").body)
	require.NotEqual(t, "77\n", a.get(query("SELECT getSetting('max_block_size')")).body)
}

func TestSyntaxErrorIsTheEngines(t *testing.T) {
	t.Parallel()
	a := setup(t)
	for _, sql := range []string{"SELEC 1", "SELECT FROM WHERE", "DROP"} {
		got := a.post("", sql)
		require.Equal(t, "62", got.code(), got.body)
		require.Contains(t, got.body, "Syntax error")
	}
	require.Equal(t, "62", a.post("", "  -- nothing").code())
}

func TestErrorAfterTheFirstRowsIsInTheBody(t *testing.T) {
	t.Parallel()
	a := setup(t)
	got := a.post("max_block_size=1000", "SELECT throwIf(number = 500000) FROM numbers(1000000)")
	require.Equal(t, http.StatusOK, got.status)
	tag := got.header.Get("X-ClickHouse-Exception-Tag")
	require.Len(t, tag, 16)
	require.Regexp(t, `(?s)0\n\r\n__exception__\r\n`+tag+`\r\nCode: 395\..*\n\d+ `+tag+`\r\n__exception__\r\n$`, got.body)

	got = a.post("max_block_size=1000&wait_end_of_query=1", "SELECT throwIf(number = 500000) FROM numbers(1000000)")
	require.Equal(t, "395", got.code())
	require.Equal(t, http.StatusInternalServerError, got.status)
}

func TestResultIsGzippedOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	a := setup(t)
	req := a.request(http.MethodGet, query("SELECT number FROM numbers(100000)")+"&enable_http_compression=1", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	got := a.do(req)
	require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
	r, err := gzip.NewReader(strings.NewReader(got.body))
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, 100_000, strings.Count(string(data), "\n"))

	req = a.request(http.MethodGet, query("SELECT 1"), nil)
	req.Header.Set("Accept-Encoding", "gzip")
	require.Empty(t, a.do(req).header.Get("Content-Encoding"))
}

func TestFormatsThatDoNotConcatenateAreWhole(t *testing.T) {
	t.Parallel()
	a := setup(t)
	csv := a.must("SELECT number FROM numbers(200000) FORMAT CSVWithNames")
	require.Equal(t, 1, strings.Count(csv, "number"))
	json := a.must("SELECT number FROM numbers(200000) FORMAT JSON")
	require.Equal(t, 1, strings.Count(json, `"meta"`))
	totals := a.must("SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k FORMAT TSV")
	require.Equal(t, "0\t5\n1\t5\n\n0\t10\n", totals)
	require.Contains(t, a.must("EXPLAIN SELECT 1"), "ReadFrom")
	require.Contains(t, a.must("SHOW DATABASES"), "default")
}

func TestStrangeHostNamesAreRefused(t *testing.T) {
	t.Parallel()
	a := setup(t)
	req := a.request(http.MethodGet, query("SELECT 1"), nil)
	req.Host = "rebound.example:8123"
	require.Equal(t, http.StatusForbidden, a.do(req).status)
	req = a.request(http.MethodGet, query("SELECT 1"), nil)
	req.Host = "localhost:8123"
	require.Equal(t, http.StatusOK, a.do(req).status)
}

func TestIntoOutfileIsRefused(t *testing.T) {
	t.Parallel()
	require.Equal(t, "358", setup(t).post("", "SELECT 1 INTO OUTFILE '/tmp/ragline-never'").code())
}
