package warehouse

import (
	"log/slog"
	"net/url"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(t testing.TB, address string) Config {
	t.Helper()
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{"CLICKHOUSE_URL": address}})
	require.NoError(t, err)
	return cfg
}

// setup returns a warehouse on a database of its own, which does not exist yet.
func setup(t testing.TB) *Warehouse {
	t.Helper()
	return open(t, inDatabase(t, enginetest.Start(t), "ragline"))
}

func open(t testing.TB, address string) *Warehouse {
	t.Helper()
	w, err := Open(config(t, address), slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func inDatabase(t testing.TB, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.Path = "/" + database
	return u.String()
}
