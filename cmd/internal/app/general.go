package app

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Version is set by the linker.
var Version = "dev"

// General holds the settings that belong to no single part.
type General struct {
	// DataDir holds the log, the analytics and the checkpoints of the embedded stack.
	DataDir string `env:"RAGLINE_DATA_DIR" doc:"Directory of everything that must survive a restart. One ragline at a time. Empty: ragline below the user's data directory (~/.local/share)."`
	// DomainDir is the knowledge pack: what the assistant is about.
	DomainDir string `env:"RAGLINE_DOMAIN_DIR" envDefault:"deploy/domain/jdjones" doc:"Directory of the knowledge pack. Another directory makes another assistant."`
	// Tenant stamps events that name none.
	Tenant string `env:"RAGLINE_TENANT" envDefault:"default" doc:"Tenant of the events that the gateway and the commands publish."`
	// LogLevel is the least severe level that is logged.
	LogLevel string `env:"RAGLINE_LOG_LEVEL" envDefault:"info" doc:"Least severe level that is logged. Allowed: debug, info, warn, error."`
	// LogFormat is for people or for collectors.
	LogFormat string `env:"RAGLINE_LOG_FORMAT" envDefault:"text" doc:"Format of log lines. Allowed: text, json."`
}

// Validate reports the first setting that cannot work.
func (g General) Validate() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.LogLevel)); err != nil {
		return fmt.Errorf("RAGLINE_LOG_LEVEL=%s: allowed are debug, info, warn and error", g.LogLevel)
	}
	if g.LogFormat != "text" && g.LogFormat != "json" {
		return fmt.Errorf("RAGLINE_LOG_FORMAT=%s: allowed are text and json", g.LogFormat)
	}
	if g.Tenant == "" || strings.ContainsAny(g.Tenant, " \t\n") {
		return fmt.Errorf("RAGLINE_TENANT=%q: allowed is one word", g.Tenant)
	}
	if info, err := os.Stat(g.DomainDir); err != nil || !info.IsDir() {
		return fmt.Errorf("RAGLINE_DOMAIN_DIR=%s: not a directory; run from the checkout, or name a knowledge pack", g.DomainDir)
	}
	return nil
}

// Level is the least severe level that is logged.
func (g General) Level() slog.Level {
	level := slog.LevelInfo
	_ = level.UnmarshalText([]byte(g.LogLevel)) // Validate has read it
	return level
}

// NewLogger returns the logger of the process.
func NewLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// defaultDataDir follows the XDG base directories: data is not a cache, losing it loses the log.
func defaultDataDir(environ map[string]string) (string, error) {
	if dir := environ["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "ragline"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the home directory: %w; set RAGLINE_DATA_DIR", err)
	}
	return filepath.Join(home, ".local", "share", "ragline"), nil
}
