package warehouse

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, config(t, "http://default@127.0.0.1:8123/ragline").Validate())
}

func TestBadAddressIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"tcp://me:hunter2@host:9000/db", "http://me:hunter2@host:port/db", "://me:hunter2@host", "http://me:hunter2@/db",
		"http://me:hunter2@host/a/b", "http://me:hunter2@host/db?password=hunter2", "",
	} {
		err := config(t, "http://x").withURL(address).Validate()
		require.ErrorContains(t, err, "CLICKHOUSE_URL", address)
		require.NotContains(t, err.Error(), "me:hunter2", address)
	}
}

func (c Config) withURL(address string) Config {
	c.URL = address
	return c
}

func TestAddressGetsDefaultsOfClickHouse(t *testing.T) {
	t.Parallel()
	got, err := Config{URL: "http://example.com"}.target()
	require.NoError(t, err)
	require.Equal(t, target{scheme: "http", host: "example.com:8123", user: "default", database: "default"}, got)
	require.False(t, got.loopback())
	got, err = Config{URL: "https://a:b@[::1]/d"}.target()
	require.NoError(t, err)
	require.Equal(t, target{scheme: "https", host: "[::1]:8443", user: "a", password: "b", database: "d"}, got)
	require.True(t, got.loopback())
}
