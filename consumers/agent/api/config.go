package api

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/ragline/ragline/producers/httpd"
)

// Config says where the server listens and whom it lets in.
type Config struct {
	// Addr is where the server listens. Port 0 takes a free port.
	Addr string `env:"RAGLINE_AGENT_API_ADDR" envDefault:"127.0.0.1:8124" doc:"Address of the agent's LangGraph server API, host:port. Port 0 takes a free port. Empty: no such server."`
	// APIKeys opens the server to their holders only.
	APIKeys []string `env:"RAGLINE_AGENT_API_KEYS" doc:"API keys of the agent's server, separated by commas, each at least 16 bytes. Empty: no key is asked for, and only this machine is let in." secret:"true"`
	// Origins lets browsers of these origins in, beside those of langgraph.json.
	Origins []string `env:"RAGLINE_AGENT_API_CORS_ORIGINS" doc:"Origins whose pages may call the agent's server, as in http://localhost:3000, separated by commas, beside http.cors of langgraph.json. Empty: no others."`
	// MaxBody bounds a request's body.
	MaxBody int64 `env:"RAGLINE_AGENT_API_MAX_BODY" envDefault:"4194304" doc:"Largest body of a request to the agent's server in bytes. Allowed: 1024 to 67108864."`
	// Heartbeat keeps idle streams alive.
	Heartbeat time.Duration `env:"RAGLINE_AGENT_API_HEARTBEAT" envDefault:"15s" doc:"Time between two signs of life on an idle stream of the agent's server. Allowed: 10ms to 5m."`
}

// minKeyBytes keeps keys out of reach of guessing.
const minKeyBytes = 16

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Addr); c.Addr != "" && err != nil {
		return fmt.Errorf("RAGLINE_AGENT_API_ADDR=%s: not host:port", c.Addr)
	}
	if slices.ContainsFunc(c.APIKeys, func(key string) bool { return len(key) < minKeyBytes }) {
		return fmt.Errorf("RAGLINE_AGENT_API_KEYS: a key is shorter than %d bytes", minKeyBytes)
	}
	for _, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			return fmt.Errorf("RAGLINE_AGENT_API_CORS_ORIGINS: %w", err)
		}
	}
	if c.MaxBody < 1<<10 || c.MaxBody > 64<<20 {
		return fmt.Errorf("RAGLINE_AGENT_API_MAX_BODY=%d: allowed are 1024 to 67108864", c.MaxBody)
	}
	if c.Heartbeat < 10*time.Millisecond || c.Heartbeat > 5*time.Minute {
		return fmt.Errorf("RAGLINE_AGENT_API_HEARTBEAT=%s: allowed are 10ms to 5m", c.Heartbeat)
	}
	return nil
}

// Exposed says whether the address is open to other machines although no key is asked for. They are refused all the same.
func (c Config) Exposed() bool {
	_, _, err := net.SplitHostPort(c.Addr)
	return err == nil && len(c.APIKeys) == 0 && !httpd.IsLoopback(c.Addr)
}

func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("%q is not an origin such as http://localhost:3000", origin)
	}
	return nil
}
