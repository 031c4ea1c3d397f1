package warehouse

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

// faulty is the way to an engine that breaks the requests for which broken is true; they are counted from 1.
func faulty(t *testing.T, address string, broken func(n int64) bool) string {
	t.Helper()
	engine, err := url.Parse(address)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: engine.Scheme, Host: engine.Host})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy.Transport = transport
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if broken(n.Add(1)) {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		proxy.ServeHTTP(out, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	engine.Host = u.Host
	return engine.String()
}

func migrating(w *Warehouse) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.Migrate(ctx)
		return err
	}
}

// Wait has its answer, and the migration meets a ClickHouse that starts again.
func TestMigrationOutlivesAClickHouseThatGoesAwayAfterTheFirstAnswer(t *testing.T) {
	t.Parallel()
	address := faulty(t, inDatabase(t, enginetest.Start(t), "ragline"), func(n int64) bool { return n > 1 && n < 9 || n == 15 || n == 40 })
	w := open(t, address)
	var log bytes.Buffer
	w.logger = slog.New(slog.NewTextHandler(&log, nil))
	require.NoError(t, w.Persist(t.Context(), migrating(w)))
	applied, err := w.Applied(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, applied)
	require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
}

func TestMigrationGivesUpAtOnceOnWhatNoWaitingChanges(t *testing.T) {
	t.Parallel()
	address := inDatabase(t, enginetest.Start(t), "ragline")
	w := open(t, address)
	require.NoError(t, w.Persist(t.Context(), migrating(w)))
	require.NoError(t, w.exec(t.Context(), w.Database(), "INSERT INTO schema_migrations (file, checksum) VALUES ('migrations/0001_queries.sql', 'edited')"))
	require.ErrorIs(t, w.Persist(t.Context(), migrating(w)), ErrDrift)

	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword("default", "wrong")
	err = open(t, u.String()).Persist(t.Context(), migrating(w))
	code, known := Code(err)
	require.True(t, known, err)
	require.Contains(t, []int{codeWrongPassword, codeAuthenticationFailed}, code)

	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, w.Persist(ctx, func(context.Context) error { cancel(); return http.ErrServerClosed }), context.Canceled)
}
