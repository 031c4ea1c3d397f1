package front

import (
	"errors"
	"log/slog"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
)

// Config says what to serve and to whom.
type Config struct {
	// Library is the loaded engine. Required.
	Library *chdb.Library

	// DataDir is the engine's data directory; one process at a time may use it. Required.
	DataDir string

	// Token is the password of user default, who may do everything,
	// reading the machine's files through file() included. Required.
	Token string

	// AnalystToken is the password of the read-only user analyst. Empty means that it has none and cannot log in.
	AnalystToken string

	// OpenReadOnly lets requests without a password in as the read-only analyst. Defaults to false.
	OpenReadOnly bool

	// MaxMemory caps the engine's memory in bytes. 0 leaves the engine's default.
	MaxMemory uint64

	// MaxThreads is the number of threads of one query. 0 leaves the engine's default.
	MaxThreads int

	// MaxQueries is how many requests run at once; more are refused with code 202. Defaults to 100.
	MaxQueries int

	// Logger receives what a client cannot be told. Required.
	Logger *slog.Logger
}

const defaultMaxQueries = 100

// Validate reports the first field that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Library == nil:
		return errors.New("front: Library is required")
	case c.DataDir == "":
		return errors.New("front: DataDir is required")
	case c.Token == "":
		return errors.New("front: Token is required")
	case c.Logger == nil:
		return errors.New("front: Logger is required")
	case c.MaxQueries < 0:
		return errors.New("front: MaxQueries cannot be below 0")
	}
	return nil
}
