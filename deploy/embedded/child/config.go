package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Stream says which of the program's outputs a line came from.
type Stream string

// The two outputs of a program.
const (
	StreamStdout Stream = "stdout"
	StreamStderr Stream = "stderr"
)

// Config says what to start and how to watch it.
type Config struct {
	// Name is the program's name in log lines and errors. Defaults to Path.
	Name string

	// Path is the program to start. Required.
	Path string

	// Args returns the program's arguments.
	// addr is empty at the first start and afterwards the address of the last ready line,
	// so that a restarted program can be told to listen where its clients expect it.
	// Called before each start. Defaults to no arguments.
	Args func(addr string) []string

	// Env is the program's whole environment. Defaults to the parent's.
	Env []string

	// Dir is the program's working directory. Defaults to the parent's.
	Dir string

	// Probe replaces the ready line for programs that print none.
	// It is called every ProbeEvery until it returns nil, with a context that ends with the start.
	Probe func(ctx context.Context) error

	// ProbeEvery is the pause between two probes. Defaults to 100 ms.
	ProbeEvery time.Duration

	// ReadyTimeout bounds each start, from exec to ready. Defaults to 30 s.
	ReadyTimeout time.Duration

	// Grace is how long the program has between SIGTERM and SIGKILL. Defaults to 10 s.
	Grace time.Duration

	// RestartMin and RestartMax bound the back-off between restarts.
	// A program that was ready for longer than RestartMax starts over at RestartMin.
	// Default to 100 ms and 10 s.
	RestartMin, RestartMax time.Duration

	// OnLine receives each line the program prints, without its newline, the ready line too.
	// Lines of one stream come in order from one goroutine; the two streams run side by side.
	// Defaults to a debug line on Logger.
	OnLine func(stream Stream, line string)

	// Logger receives a warning for each restart. Required.
	Logger *slog.Logger
}

func (c *Config) setDefaults() {
	setDefault(&c.Name, c.Path)
	setDefault(&c.ProbeEvery, 100*time.Millisecond)
	setDefault(&c.ReadyTimeout, 30*time.Second)
	setDefault(&c.Grace, 10*time.Second)
	setDefault(&c.RestartMin, 100*time.Millisecond)
	setDefault(&c.RestartMax, 10*time.Second)
	if c.Args == nil {
		c.Args = func(string) []string { return nil }
	}
	if c.OnLine == nil {
		logger, name := c.Logger, c.Name
		c.OnLine = func(stream Stream, line string) {
			logger.Debug(line, "process", name, "stream", string(stream))
		}
	}
}

// Validate reports the first field that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Path == "":
		return errors.New("child: Path is required")
	case c.Logger == nil:
		return errors.New("child: Logger is required")
	case c.RestartMin > c.RestartMax:
		return fmt.Errorf("child: RestartMin (%s) cannot be above RestartMax (%s)", c.RestartMin, c.RestartMax)
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
