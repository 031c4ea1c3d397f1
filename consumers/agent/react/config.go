package react

import (
	"fmt"

	"github.com/ragline/ragline/consumers/agent/tool"
)

// Config of the loop.
type Config struct {
	// MaxMalformed is how many answers in a row may be nonsense.
	MaxMalformed int `env:"RAGLINE_AGENT_MAX_MALFORMED" envDefault:"3" doc:"Answers of the model in a row that are neither a tool call nor a final answer before the run fails. Allowed: 1 to 100."`
	Limits       tool.Limits
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.MaxMalformed < 1 || c.MaxMalformed > 100 {
		return fmt.Errorf("RAGLINE_AGENT_MAX_MALFORMED=%d: allowed are 1 to 100", c.MaxMalformed)
	}
	return c.Limits.Validate()
}
