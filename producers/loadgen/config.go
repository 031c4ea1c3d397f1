package loadgen

import (
	"fmt"
	"strings"
	"time"
)

// Config says how much traffic there is and of which kinds.
type Config struct {
	// Seed picks the traffic: the same seed gives the same events.
	Seed uint64 `env:"RAGLINE_LOADGEN_SEED" envDefault:"1" doc:"Seed of the synthetic traffic. The same seed gives the same events."`
	// Start is the time of the first event.
	Start time.Time `env:"RAGLINE_LOADGEN_START" envDefault:"2026-01-01T00:00:00Z" doc:"Time of the first event, as in 2026-01-01T00:00:00Z. Ids and times of the events follow from it."`
	// Queries, Interactions and Spans are how many events of each kind there are.
	Queries      int `env:"RAGLINE_LOADGEN_QUERIES" envDefault:"100" doc:"Questions to the agent. Allowed: 0 to 100000000."`
	Interactions int `env:"RAGLINE_LOADGEN_INTERACTIONS" envDefault:"100" doc:"Questions with the answer of another agent. Allowed: 0 to 100000000."`
	Spans        int `env:"RAGLINE_LOADGEN_SPANS" envDefault:"400" doc:"Spans of another agent, four to a trace. Allowed: 0 to 100000000."`
	// Rate is how many events are published per second.
	Rate float64 `env:"RAGLINE_LOADGEN_RATE" envDefault:"0" doc:"Events per second. 0: as fast as Kafka acknowledges. Allowed: 0 to 10000000."`
	// Batch is how many events are acknowledged together.
	Batch int `env:"RAGLINE_LOADGEN_BATCH" envDefault:"500" doc:"Events that are published together. Allowed: 1 to 10000."`
	// Threads is how many conversations the questions are spread over.
	Threads int `env:"RAGLINE_LOADGEN_THREADS" envDefault:"50" doc:"Conversations that the questions belong to. Allowed: 1 to 10000000."`
	// Unsupported is the share of interactions whose answer says something that its sources do not.
	Unsupported float64 `env:"RAGLINE_LOADGEN_UNSUPPORTED" envDefault:"0.2" doc:"Share of interactions whose answer is not supported by its sources. Allowed: 0 to 1."`
	// TextBytes pads inputs, outputs and sources, to measure with texts of the real size.
	TextBytes int `env:"RAGLINE_LOADGEN_TEXT_BYTES" envDefault:"0" doc:"Least size of sources and of spans' inputs and outputs in bytes; shorter ones are padded. Allowed: 0 to 65536."`
	// Tenant owns the events.
	Tenant string `env:"RAGLINE_LOADGEN_TENANT" envDefault:"default" doc:"Tenant of the synthetic traffic, one word."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, n := range []struct {
		name            string
		value, low, top int
	}{
		{"RAGLINE_LOADGEN_QUERIES", c.Queries, 0, 100_000_000},
		{"RAGLINE_LOADGEN_INTERACTIONS", c.Interactions, 0, 100_000_000},
		{"RAGLINE_LOADGEN_SPANS", c.Spans, 0, 100_000_000},
		{"RAGLINE_LOADGEN_BATCH", c.Batch, 1, 10_000},
		{"RAGLINE_LOADGEN_THREADS", c.Threads, 1, 10_000_000},
		{"RAGLINE_LOADGEN_TEXT_BYTES", c.TextBytes, 0, 1 << 16},
	} {
		if n.value < n.low || n.value > n.top {
			return fmt.Errorf("%s=%d: allowed are %d to %d", n.name, n.value, n.low, n.top)
		}
	}
	if !(c.Rate >= 0 && c.Rate <= 10_000_000) { // written so that NaN fails too
		return fmt.Errorf("RAGLINE_LOADGEN_RATE=%v: allowed are 0 to 10000000", c.Rate)
	}
	if !(c.Unsupported >= 0 && c.Unsupported <= 1) {
		return fmt.Errorf("RAGLINE_LOADGEN_UNSUPPORTED=%v: allowed are 0 to 1", c.Unsupported)
	}
	if year := c.Start.Year(); year < 1970 || year > 9000 {
		return fmt.Errorf("RAGLINE_LOADGEN_START=%s: allowed are the years 1970 to 9000", c.Start.Format(time.RFC3339))
	}
	if c.Tenant == "" || strings.ContainsAny(c.Tenant, " \t\r\n") {
		return fmt.Errorf("RAGLINE_LOADGEN_TENANT=%q: allowed is one word", c.Tenant)
	}
	return nil
}
