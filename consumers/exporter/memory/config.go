package memory

import "fmt"

// Config bounds the store.
type Config struct {
	// Traces is how many traces are kept; the one that was touched longest ago goes first.
	Traces int `env:"RAGLINE_MEMORY_TRACES" envDefault:"200" doc:"Traces that the memory backend keeps. Allowed: 1 to 100000."`
}

// maxTraceEvents bounds one trace, so that an endless one cannot fill the memory.
const maxTraceEvents = 10_000

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.Traces < 1 || c.Traces > 100_000 {
		return fmt.Errorf("RAGLINE_MEMORY_TRACES=%d: allowed are 1 to 100000", c.Traces)
	}
	return nil
}
