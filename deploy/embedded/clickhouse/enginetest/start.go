package enginetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ragline/ragline/deploy/embedded/child"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
)

// FetchEnv set to 1 lets tests download the engine (178 MB) when it is not there.
const FetchEnv = "RAGLINE_FETCH_ENGINE"

// Start starts an engine with an empty data directory and stops it when the test ends.
// It returns an http:// URL with user, password and database, as clickhouse-go's ParseDSN takes it:
//
//	opts, err := clickhouse.ParseDSN(enginetest.Start(t))
//	conn, err := clickhouse.Open(opts)
//
// An engine takes about 0.2 s to start and 200 MB of memory:
// tests of one package may share one and use a database each.
func Start(t testing.TB) (url string) {
	t.Helper()
	return StartEngine(t, nil).DSN()
}

// StartEngine is Start with the configuration in the caller's hands; edit may be nil.
func StartEngine(t testing.TB, edit func(*clickhouse.Config)) *clickhouse.Engine {
	t.Helper()
	cfg := clickhouse.Config{
		DataDir:   t.TempDir(),
		Token:     rand.Text(),
		Library:   library(t),
		Helper:    Helper(t),
		MaxMemory: 1 << 30,
		Logger:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	if edit != nil {
		edit(&cfg)
	}
	engine, err := clickhouse.Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("starting the engine: %v", err)
	}
	t.Cleanup(engine.Close)
	return engine
}

// library finds libchdb, fetches it when asked to, or skips the test.
func library(t testing.TB) string {
	t.Helper()
	if os.Getenv(FetchEnv) == "1" {
		path, err := fetched(t)
		if err != nil {
			t.Fatalf("fetching the engine: %v", err)
		}
		return path
	}
	path, err := clickhouse.FindLibrary()
	if errors.Is(err, clickhouse.ErrUnavailable) {
		t.Skipf("%v; or run the tests with %s=1", err, FetchEnv)
	}
	if err != nil {
		t.Fatalf("finding the engine: %v", err)
	}
	return path
}

func fetched(t testing.TB) (string, error) {
	if path, err := clickhouse.FindLibrary(); err == nil {
		return path, nil
	}
	return clickhouse.Fetch(t.Context(), os.Stderr)
}

// Helper returns the path of a ragline-clickhouse built from the tree under test.
func Helper(t testing.TB) string {
	t.Helper()
	built, err := buildOnce()
	if err != nil {
		t.Fatalf("building the engine's helper: %v", err)
	}
	// A link of the test's own: another test binary may replace the built file meanwhile.
	path := filepath.Join(t.TempDir(), filepath.Base(built))
	if err := os.Link(built, path); err == nil {
		return path
	}
	data, err := os.ReadFile(built)
	if err != nil {
		t.Fatalf("reading the engine's helper: %v", err)
	}
	if err := os.WriteFile(path, data, 0o700); err != nil {
		t.Fatalf("copying the engine's helper: %v", err)
	}
	return path
}

const helperPackage = "github.com/ragline/ragline/cmd/ragline-clickhouse"

// buildOnce builds once per test binary; go build does not link again when nothing has changed.
var buildOnce = sync.OnceValues(build) //nolint:gochecknoglobals // one build per test binary is the point

func build() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ragline", "test")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	unlock, err := child.FileLock(ctx, filepath.Join(dir, "build.lock"), 10*time.Minute)
	if err != nil {
		return "", err
	}
	defer unlock()
	path := filepath.Join(dir, "ragline-clickhouse")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, helperPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("running go build %s: %w: %s", helperPackage, err, output)
	}
	return path, nil
}
