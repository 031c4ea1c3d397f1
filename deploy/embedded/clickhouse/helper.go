package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/ragline/ragline/deploy/embedded/child"
)

const helperName = "ragline-clickhouse"

// FindHelper returns the path of ragline-clickhouse: beside the running program, else on the PATH.
func FindHelper() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), helperName)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	if path, err := exec.LookPath(helperName); err == nil {
		return path, nil
	}
	return "", &UnavailableError{
		Reason: "the program " + helperName + ", which loads libchdb, is neither beside ragline nor on the PATH",
		Remedy: "run `go install github.com/ragline/ragline/cmd/" + helperName + "`, " + useServer,
	}
}

func startHelper(ctx context.Context, cfg Config) (*Engine, error) {
	process, err := child.Start(ctx, child.Config{
		Name:         helperName,
		Path:         cfg.Helper,
		Args:         cfg.helperArgs,
		Env:          cfg.helperEnv(),
		Dir:          cfg.DataDir, // libchdb obeys a config.xml of the folder that it starts in
		ReadyTimeout: cfg.ReadyTimeout,
		OnLine:       logLines(cfg.Logger, helperName),
		Logger:       cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the engine: %w", err)
	}
	return &Engine{kind: KindLibrary, token: cfg.Token, addr: process.Addr, process: process}, nil
}

// helperArgs keeps the port over restarts, so that clients find the engine again.
func (c *Config) helperArgs(addr string) []string {
	if addr == "" {
		addr = c.Addr
	}
	args := []string{"-lib", c.Library, "-data", c.DataDir, "-addr", addr}
	if c.OpenReadOnly {
		args = append(args, "-open-read-only")
	}
	if c.MaxMemory > 0 {
		args = append(args, "-max-memory", strconv.FormatUint(c.MaxMemory, 10))
	}
	if c.MaxThreads > 0 {
		args = append(args, "-max-threads", strconv.Itoa(c.MaxThreads))
	}
	return args
}

// helperEnv carries the tokens: arguments are visible to every user of the machine.
func (c *Config) helperEnv() []string {
	return append(os.Environ(),
		"RAGLINE_CLICKHOUSE_TOKEN="+c.Token,
		"RAGLINE_CLICKHOUSE_ANALYST_TOKEN="+c.AnalystToken)
}

// logLines shows what the engine says on stderr: the helper writes there only what went wrong.
func logLines(logger *slog.Logger, name string) func(child.Stream, string) {
	return func(stream child.Stream, line string) {
		level := slog.LevelDebug
		if stream == child.StreamStderr {
			level = slog.LevelWarn
		}
		logger.Log(context.Background(), level, line, "process", name)
	}
}
