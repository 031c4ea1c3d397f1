package options

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/machine"
)

// Environment variables that carry the tokens. They are removed from the environment once read.
const (
	EnvToken        = "RAGLINE_CLICKHOUSE_TOKEN"
	EnvAnalystToken = "RAGLINE_CLICKHOUSE_ANALYST_TOKEN"
)

// Options are the program's settings.
type Options struct {
	Library      string
	DataDir      string
	Addr         string
	Token        string
	AnalystToken string
	OpenReadOnly bool
	MaxMemory    uint64
	MaxThreads   int
	LockWait     time.Duration
	Keep         bool
}

// memoryShare is the part of the machine's memory that the engine may take: one quarter.
const memoryShare = 4

// defaultLockWait covers the last seconds of a predecessor that is still closing.
const defaultLockWait = 15 * time.Second

// Parse reads args without the program's name.
func Parse(args []string, usage io.Writer) (Options, error) {
	var o Options
	flags := flag.NewFlagSet("ragline-clickhouse", flag.ContinueOnError)
	flags.SetOutput(usage)
	tokenFile := flags.String("token-file", "", "file of mode 0600 with the password of user default; else "+EnvToken)
	flags.StringVar(&o.Library, "lib", "", "path of libchdb; defaults to the fetched one")
	flags.StringVar(&o.DataDir, "data", "", "data directory (required)")
	flags.StringVar(&o.Addr, "addr", "127.0.0.1:0", "loopback address to listen on")
	flags.BoolVar(&o.OpenReadOnly, "open-read-only", false, "let requests without a password read")
	flags.Uint64Var(&o.MaxMemory, "max-memory", machine.Memory()/memoryShare, "memory cap of the engine in bytes")
	flags.IntVar(&o.MaxThreads, "max-threads", runtime.NumCPU(), "threads of one query")
	flags.DurationVar(&o.LockWait, "lock-wait", defaultLockWait, "how long a predecessor may take to leave the data directory")
	flags.BoolVar(&o.Keep, "keep", false, "go on when stdin ends; for use without a supervising parent")
	if err := flags.Parse(args); err != nil {
		return Options{}, err
	}
	var err error
	if o.Token, err = token(*tokenFile); err != nil {
		return Options{}, err
	}
	o.AnalystToken = takeEnv(EnvAnalystToken)
	return o, o.validate()
}

func (o *Options) validate() error {
	switch {
	case o.DataDir == "":
		return errors.New("-data is required")
	case o.Token == "":
		return fmt.Errorf("a token is required: set %s or -token-file", EnvToken)
	}
	return nil
}

func token(file string) (string, error) {
	fromEnv := takeEnv(EnvToken)
	if file == "" {
		return fromEnv, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("reading the token file: %w", err)
	}
	if info.Mode()&fs.ModePerm&0o077 != 0 {
		return "", fmt.Errorf("reading the token file: %s is readable by others; run chmod 600 %s", file, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the token file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// takeEnv removes the variable, so that what the engine starts or reads does not see it.
func takeEnv(name string) string {
	value := os.Getenv(name)
	_ = os.Unsetenv(name)
	return value
}
