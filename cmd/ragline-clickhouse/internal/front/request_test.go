package front

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
)

func parse(t *testing.T, target string, headers ...string) (*request, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return parseRequest(r, map[string]bool{"max_threads": true, "readonly": true, tagSetting: true, "extremes": true})
}

func TestURLIsSortedIntoParametersAndSettings(t *testing.T) {
	t.Parallel()
	req, err := parse(t, "/?query=SELECT+1;&param_a=x&max_threads=2&readonly=1&database=d&session_id=s&session_timeout=5&compress=1&client_protocol_version=54460")
	require.NoError(t, err)
	require.Equal(t, "SELECT 1;", req.query)
	require.Equal(t, chdb.Params{"a": "x"}, req.params)
	require.Equal(t, []chdb.Setting{{Name: "max_threads", Value: "2"}, {Name: "readonly", Value: "1"}}, req.settings)
	require.Equal(t, "d", req.database)
	require.Equal(t, 5*time.Second, req.sessionTimeout)
	require.Equal(t, 54460, req.clientRevision)
	require.True(t, req.compress)
	require.False(t, req.decompress)
	require.NotEmpty(t, req.queryID)
}

func TestHeaderNamesFormatBeforeURL(t *testing.T) {
	t.Parallel()
	req, err := parse(t, "/?default_format=JSON", "X-ClickHouse-Format", "CSV", "X-ClickHouse-Database", "d")
	require.NoError(t, err)
	require.Equal(t, "CSV", req.format)
	require.Equal(t, "d", req.database)
}

// A client's own log_comment would make our KILL hit its other queries.
func TestLogCommentIsOurs(t *testing.T) {
	t.Parallel()
	req, err := parse(t, "/?log_comment=mine")
	require.NoError(t, err)
	require.Empty(t, req.settings)
}

func TestAcceptEncodingCountsOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	req, err := parse(t, "/", "Accept-Encoding", "gzip")
	require.NoError(t, err)
	require.Empty(t, req.acceptEncoding)
	req, err = parse(t, "/?enable_http_compression=1", "Accept-Encoding", "gzip")
	require.NoError(t, err)
	require.Equal(t, "gzip", req.acceptEncoding)
}

func TestUnknownArgumentIsCode115(t *testing.T) {
	t.Parallel()
	_, err := parse(t, "/?path=%2Ftmp")
	var e *chdb.Exception
	require.ErrorAs(t, err, &e)
	require.Equal(t, 115, e.Code)
}

func TestExtremesAndWaitForTheEndKeepAResultWhole(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{"/": true, "/?extremes=0": true, "/?extremes=1": false, "/?wait_end_of_query=1": false} {
		req, err := parse(t, target)
		require.NoError(t, err)
		require.Equal(t, want, req.mayStream(), target)
	}
}

func TestOnlyLoopbackNamesAreOurs(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1:8123": true, "localhost": true, "LOCALHOST:1": true, "[::1]:8123": true, "127.9.9.9": true,
		"example.com": false, "localhost.example.com": false, "10.0.0.1:8123": false, "": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		require.Equal(t, want, localHost(r), host)
	}
}

func TestNamesAndStringsAreQuoted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "'it\\'s \\\\'", quoteString(`it's \`))
	require.Equal(t, "`a\\`b`", quoteName("a`b"))
}

func TestStatementIsURLThenBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, body, text, inline string }{
		{"SELECT 1", "", "SELECT 1", ""},
		{"", " SELECT 1 ", "SELECT 1", ""},
		{"SELECT 1,", "2", "SELECT 1,\n2", ""},
		{"INSERT INTO t FORMAT CSV", "1\n", "INSERT INTO t FORMAT CSV", ""}, // the data stays in the body
		{"INSERT INTO t VALUES", "(1)", "INSERT INTO t VALUES", ""},
		{"", "INSERT INTO t FORMAT CSV\n1\n\n2\n", "INSERT INTO t FORMAT CSV\n1\n\n2\n", "1\n\n2\n"},
		{"INSERT INTO t", "FORMAT CSV\n1\n", "INSERT INTO t\nFORMAT CSV\n1\n", "1\n"},
	} {
		in, err := readStatement(&request{query: c.url}, strings.NewReader(c.body))
		require.NoError(t, err)
		require.Equal(t, c.text, in.text)
		require.Equal(t, c.inline, in.inline)
	}
}

// The first read may end in the middle of the format's name.
func TestHeadLongerThanTheFirstReadIsReadOn(t *testing.T) {
	t.Parallel()
	head := "INSERT INTO t /*" + strings.Repeat("x", prefixSize-len("INSERT INTO t /**/ FORMAT JSON")) + "*/ FORMAT JSONEachRow\n"
	in, err := readStatement(&request{}, strings.NewReader(head+`{"a":1}`))
	require.NoError(t, err)
	require.Equal(t, "JSONEachRow", in.Format)
	require.Equal(t, `{"a":1}`, in.inline)
}

func TestStatementWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	_, err := readStatement(&request{}, strings.NewReader("SELECT '"+strings.Repeat("x", prefixSize+maxStatement)))
	var e *chdb.Exception
	require.ErrorAs(t, err, &e)
	require.Equal(t, 229, e.Code)
}
