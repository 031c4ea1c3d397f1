package clickhouse_test

import (
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestDSNCarriesTheOwnersCredentials(t *testing.T) {
	t.Parallel()
	e := enginetest.StartEngine(t, func(cfg *clickhouse.Config) { cfg.Token = "p@ss/word" })
	u, err := url.Parse(e.DSN())
	require.NoError(t, err)
	password, _ := u.User.Password()
	require.Equal(t, "p@ss/word", password)
	require.Equal(t, e.URL(), "http://"+u.Host)
	require.NotContains(t, e.URL(), "word")
	require.Equal(t, clickhouse.KindLibrary, e.Kind())
}

func TestKilledEngineComesBackAtItsURL(t *testing.T) {
	t.Parallel()
	e := enginetest.StartEngine(t, nil)
	before := e.URL()
	require.NoError(t, syscall.Kill(e.PID(), syscall.SIGKILL))
	require.Eventually(t, func() bool { return e.Restarts() == 1 }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, e.Wait(t.Context()))
	require.Equal(t, before, e.URL())
	require.NoError(t, e.Check(t.Context()))
}

func TestDataOutlivesTheEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	edit := func(cfg *clickhouse.Config) { cfg.DataDir, cfg.Token = dir, "t" }
	e := enginetest.StartEngine(t, edit)
	exec(t, e, "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a")
	exec(t, e, "INSERT INTO t VALUES (1)")
	e.Close()
	exec(t, enginetest.StartEngine(t, edit), "SELECT throwIf(count() != 1) FROM t")
}

func exec(t *testing.T, e *clickhouse.Engine, sql string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL(), strings.NewReader(sql))
	require.NoError(t, err)
	req.SetBasicAuth("default", "t")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
}
