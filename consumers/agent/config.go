package agent

import (
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/consumers/agent/react"
	"github.com/ragline/ragline/consumers/agent/tool/mcp"
	"github.com/ragline/ragline/consumers/internal/llm/provider"
)

// Config of the agent.
type Config struct {
	// DB has the runs, checkpoints and the outbox.
	DB string `env:"RAGLINE_AGENT_DB" secret:"true" doc:"Store of the agent's runs, checkpoints and outbox: a SQLite file, which one process owns, or a postgres:// URL, which several workers may share. Empty: agent.db in the data directory."`
	// Slots is how many runs go at the same time. Waiting for a person takes none.
	Slots int `env:"RAGLINE_AGENT_SLOTS" envDefault:"8" doc:"Runs that the agent works on at the same time. Allowed: 1 to 1000."`
	// TenantSlots is how many of them one tenant may have.
	TenantSlots int `env:"RAGLINE_AGENT_TENANT_SLOTS" envDefault:"0" doc:"Most runs of one tenant that the agent works on at the same time; tenants take turns in any case. Allowed: 1 to 1000, or 0 for all slots."`
	// MaxSteps bounds the rounds through the thought node, unless a query says less.
	MaxSteps int `env:"RAGLINE_AGENT_MAX_STEPS" envDefault:"10" doc:"Most rounds of thought and action in one run. Allowed: 1 to 100."`
	// Backlog is how many accepted queries wait for a slot in memory. More wait in the store, which only the disk bounds.
	Backlog int `env:"RAGLINE_AGENT_BACKLOG" envDefault:"10000" doc:"Accepted queries that the agent keeps in memory until a slot is free; more wait in its store. Allowed: 1 to 1000000."`
	// Reviews makes sensitive tools wait for a person.
	Reviews string `env:"RAGLINE_AGENT_REVIEWS" envDefault:"on" doc:"Whether a person approves quotations and enquiries before they are sent. Allowed: on, off."`
	// Retention is how long runs are kept after their end, and how long a query that is delivered again is recognised.
	Retention time.Duration `env:"RAGLINE_AGENT_RETENTION" envDefault:"720h" doc:"Time for which the agent keeps runs that have ended, and conversations without a newer one. Allowed: 1h to 87600h, or 0 for ever."`
	// Drain is how long the super-steps under way may take at shutdown.
	Drain time.Duration `env:"RAGLINE_AGENT_DRAIN" envDefault:"5s" doc:"Time that the steps of runs get to come to an end at shutdown; what is cut off runs again at the next start. Allowed: 0 to 20s."`
	// Lease is how long a worker is waited for before others take its threads, where several share a store.
	Lease time.Duration `env:"RAGLINE_AGENT_LEASE" envDefault:"15s" doc:"Time after which other workers take over the threads of a worker that is silent, where several share a Postgres store. Allowed: 1s to 10m."`
	React react.Config
	MCP   mcp.Config
	LLM   provider.Config
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, v := range []struct {
		name     string
		value    int
		from, to int
	}{
		{"RAGLINE_AGENT_SLOTS", c.Slots, 1, 1000},
		{"RAGLINE_AGENT_TENANT_SLOTS", c.TenantSlots, 0, 1000},
		{"RAGLINE_AGENT_MAX_STEPS", c.MaxSteps, 1, 100},
		{"RAGLINE_AGENT_BACKLOG", c.Backlog, 1, 1_000_000},
	} {
		if v.value < v.from || v.value > v.to {
			return fmt.Errorf("%s=%d: allowed are %d to %d", v.name, v.value, v.from, v.to)
		}
	}
	if c.Reviews != "on" && c.Reviews != "off" {
		return fmt.Errorf("RAGLINE_AGENT_REVIEWS=%s: allowed are on and off", c.Reviews)
	}
	if c.Retention != 0 && (c.Retention < time.Hour || c.Retention > 87600*time.Hour) {
		return fmt.Errorf("RAGLINE_AGENT_RETENTION=%s: allowed are 1h to 87600h, and 0 for ever", c.Retention)
	}
	if c.Drain < 0 || c.Drain > 20*time.Second {
		return fmt.Errorf("RAGLINE_AGENT_DRAIN=%s: allowed are 0 to 20s", c.Drain)
	}
	if c.Lease < time.Second || c.Lease > 10*time.Minute {
		return fmt.Errorf("RAGLINE_AGENT_LEASE=%s: allowed are 1s to 10m", c.Lease)
	}
	return errors.Join(c.React.Validate(), c.LLM.Validate())
}

var errNoDB = errors.New("RAGLINE_AGENT_DB is empty: name a SQLite file or a postgres:// URL")
