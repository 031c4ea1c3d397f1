package main_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	engine "github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api speaks plain HTTP to an engine, as a user with curl would.
type api struct {
	t              *testing.T
	url            string
	user, password string
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) code() string { return a.header.Get("X-ClickHouse-Exception-Code") }

const (
	ownerToken   = "owner-token"
	analystToken = "analyst-token"
)

func start(t *testing.T, edit func(*engine.Config)) *engine.Engine {
	t.Helper()
	return enginetest.StartEngine(t, func(cfg *engine.Config) {
		cfg.Token, cfg.AnalystToken = ownerToken, analystToken
		if edit != nil {
			edit(cfg)
		}
	})
}

// setup gives the owner's access to an engine of the test's own.
func setup(t *testing.T) api {
	t.Helper()
	return asOwner(t, start(t, nil))
}

func asOwner(t *testing.T, e *engine.Engine) api {
	return api{t: t, url: e.URL(), user: "default", password: ownerToken}
}

func (a api) as(user, password string) api {
	a.user, a.password = user, password
	return a
}

func (a api) request(method, args string, body io.Reader) *http.Request {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+"/?"+args, body)
	require.NoError(a.t, err)
	if a.user != "" {
		req.SetBasicAuth(a.user, a.password)
	}
	return req
}

func (a api) do(req *http.Request) answer {
	a.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	res, err := client.Do(req)
	require.NoError(a.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	return answer{status: res.StatusCode, header: res.Header, body: string(data)}
}

// post sends the statement, or the data of the statement in args, as the body.
func (a api) post(args, body string) answer {
	a.t.Helper()
	return a.do(a.request(http.MethodPost, args, strings.NewReader(body)))
}

func (a api) get(args string) answer {
	a.t.Helper()
	return a.do(a.request(http.MethodGet, args, nil))
}

// must runs a statement that works and returns its output.
func (a api) must(sql string) string {
	a.t.Helper()
	got := a.post("", sql)
	require.Equal(a.t, http.StatusOK, got.status, got.body)
	return got.body
}

func query(sql string) string { return "query=" + url.QueryEscape(sql) }

// open connects clickhouse-go over HTTP.
func open(t *testing.T, e *engine.Engine, method clickhouse.CompressionMethod) clickhouse.Conn {
	t.Helper()
	conn, err := clickhouse.Open(options(t, e, method))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

func options(t *testing.T, e *engine.Engine, method clickhouse.CompressionMethod) *clickhouse.Options {
	t.Helper()
	opts, err := clickhouse.ParseDSN(e.DSN())
	require.NoError(t, err)
	opts.Compression = &clickhouse.Compression{Method: method, Level: 3}
	return opts
}

// compressed is text in one of HTTP's encodings.
func compressed(t *testing.T, text string, encode func(io.Writer) io.WriteCloser) io.Reader {
	t.Helper()
	var buf bytes.Buffer
	w := encode(&buf)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &buf
}
