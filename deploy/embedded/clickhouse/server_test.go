package clickhouse

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // a flag

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestServerConfigurationIsPrivateAndBoundToLoopback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := Config{DataDir: dir, Token: "secret", AnalystToken: "read", MaxMemory: 1 << 30}
	main, err := writeServerConfig(cfg, "127.0.0.1:8123")
	require.NoError(t, err)
	for _, name := range []string{"config.xml", "users.xml"} {
		path := filepath.Join(filepath.Dir(main), name)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		golden(t, name, strings.ReplaceAll(string(data), dir, "/DATA"))
	}
}

// The fake stands in for the real binary: what is tested is our half.
func TestServerOnThePathServesWhereThereIsNoLibrary(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "clickhouse")))
	t.Setenv("PATH", bin)
	t.Setenv(fakeEnv, "1")
	t.Setenv(LibraryEnv, "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())

	require.NoError(t, Prepare(t.Context(), os.Stderr))
	e, err := Start(t.Context(), Config{DataDir: t.TempDir(), Token: "secret", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	require.Equal(t, KindServer, e.Kind())
	require.NoError(t, e.Check(t.Context()))

	url := e.URL()
	require.NoError(t, syscall.Kill(e.PID(), syscall.SIGKILL))
	require.Eventually(t, func() bool { return e.Restarts() == 1 }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, e.Wait(t.Context()))
	require.Equal(t, url, e.URL())
	require.NoError(t, e.Check(t.Context()))
	e.Close()
	require.Error(t, e.Check(t.Context()))
}

func TestWithoutAnyEngineTheErrorSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(LibraryEnv, "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	_, err := Start(t.Context(), Config{DataDir: t.TempDir(), Token: "secret", Logger: slog.New(slog.DiscardHandler)})
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, Prepare(t.Context(), os.Stderr), ErrUnavailable)
}

func TestOnlyLoopbackAddressesAreAllowed(t *testing.T) {
	t.Parallel()
	cfg := Config{DataDir: "d", Token: "x", Logger: slog.New(slog.DiscardHandler)}
	for addr, ok := range map[string]bool{"": true, "127.0.0.1:0": true, "[::1]:0": true, "0.0.0.0:1": false, ":1": false, "localhost:1": false} {
		cfg.Addr = addr
		require.Equal(t, ok, cfg.Validate() == nil, addr)
	}
}
