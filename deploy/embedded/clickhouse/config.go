package clickhouse

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Config says where the engine keeps its data and who may use it.
type Config struct {
	// DataDir is the engine's data directory. Created if missing; one engine at a time may use it. Required.
	DataDir string

	// Addr is the loopback address to serve on. Defaults to 127.0.0.1:0, a free port, kept over restarts.
	Addr string

	// Token is the password of user default, who may do everything. Required.
	Token string

	// AnalystToken is the password of user analyst, who may only read. Empty means no such user.
	AnalystToken string

	// OpenReadOnly lets requests without a password in as the read-only analyst. Defaults to false.
	// With a clickhouse binary it gives only user analyst an empty password.
	OpenReadOnly bool

	// Helper is the path of ragline-clickhouse.
	// Defaults to the one beside the running program, else the one on the PATH.
	Helper string

	// Library is the path of libchdb. Defaults to what FindLibrary finds.
	Library string

	// MaxMemory caps the engine's memory in bytes. Defaults to a quarter of the machine's.
	MaxMemory uint64

	// MaxThreads is the number of threads of one query. Defaults to the number of cores.
	MaxThreads int

	// ReadyTimeout bounds each start of the engine. Defaults to 60 s:
	// the library is 566 MB and a cold disk is slow.
	ReadyTimeout time.Duration

	// Logger receives restarts as warnings and the engine's output. Required.
	Logger *slog.Logger
}

const (
	defaultAddr         = "127.0.0.1:0"
	defaultReadyTimeout = time.Minute
)

// Validate reports the first field that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.DataDir == "":
		return errors.New("clickhouse: DataDir is required")
	case c.Token == "":
		return errors.New("clickhouse: Token is required")
	case c.Logger == nil:
		return errors.New("clickhouse: Logger is required")
	case c.Addr == "":
		return nil
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("clickhouse: reading Addr: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("clickhouse: Addr (%s) must be a loopback address such as %s", c.Addr, defaultAddr)
	}
	return nil
}

func (c *Config) setDefaults() {
	if c.Addr == "" {
		c.Addr = defaultAddr
	}
	if c.ReadyTimeout == 0 {
		c.ReadyTimeout = defaultReadyTimeout
	}
}
