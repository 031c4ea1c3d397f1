package gateway

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// Config says where the gateway listens and what it lets through.
type Config struct {
	// Addr is where the gateway listens. Port 0 takes a free port.
	Addr string `env:"RAGLINE_GATEWAY_ADDR" envDefault:"127.0.0.1:8080" doc:"Address of the HTTP gateway, host:port. Port 0 takes a free port."`
	// Timeout and MaxTimeout bound how long a request waits for its answer.
	Timeout    time.Duration `env:"RAGLINE_GATEWAY_TIMEOUT" envDefault:"60s" doc:"Time that a question waits for its answer unless it says ?timeout=. Allowed: 1ms to RAGLINE_GATEWAY_MAX_TIMEOUT."`
	MaxTimeout time.Duration `env:"RAGLINE_GATEWAY_MAX_TIMEOUT" envDefault:"10m" doc:"Longest time that a request may wait for its answer. Allowed: 1s to 24h."`
	// MaxBody bounds a request's body.
	MaxBody int64 `env:"RAGLINE_GATEWAY_MAX_BODY" envDefault:"1048576" doc:"Largest body of a request in bytes. Allowed: 1024 to 16777216."`
	// APIKeys opens the gateway to their holders only.
	APIKeys []string `env:"RAGLINE_GATEWAY_API_KEYS" doc:"API keys of the gateway, separated by commas, each at least 16 bytes. Empty: no key is asked for." secret:"true"`
	// Rate bounds the requests of one key, or of one address where no keys are set.
	Rate float64 `env:"RAGLINE_GATEWAY_RATE" envDefault:"0" doc:"Requests per second of one API key, or of one remote address without keys. 0: no limit. Allowed: 0 to 1000000."`
	// CORSOrigins lets browsers of these origins in.
	CORSOrigins []string `env:"RAGLINE_GATEWAY_CORS_ORIGINS" doc:"Origins whose pages may call the gateway, as in https://app.example.com, separated by commas. Empty: none."`
	// Heartbeat keeps idle streams alive.
	Heartbeat time.Duration `env:"RAGLINE_GATEWAY_HEARTBEAT" envDefault:"15s" doc:"Time between two signs of life on an idle stream. Allowed: 10ms to 5m."`
	// ShutdownTimeout is how long open requests may go on after the end was asked for.
	ShutdownTimeout time.Duration `env:"RAGLINE_GATEWAY_SHUTDOWN_TIMEOUT" envDefault:"12s" doc:"Time that open requests may go on at shutdown. Allowed: 0s to 5m."`
}

// Exposed says whether other machines may come in without a key. A wrong Addr is not exposed: Validate refuses it.
func (c Config) Exposed() bool {
	_, _, err := net.SplitHostPort(c.Addr)
	return err == nil && len(c.APIKeys) == 0 && !isLoopback(c.Addr)
}

// minKeyBytes keeps keys out of reach of guessing.
const minKeyBytes = 16

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("RAGLINE_GATEWAY_ADDR=%s: not host:port", c.Addr)
	}
	for _, d := range []struct {
		name            string
		value, low, top time.Duration
	}{
		{"RAGLINE_GATEWAY_MAX_TIMEOUT", c.MaxTimeout, time.Second, 24 * time.Hour},
		{"RAGLINE_GATEWAY_TIMEOUT", c.Timeout, time.Millisecond, c.MaxTimeout},
		{"RAGLINE_GATEWAY_HEARTBEAT", c.Heartbeat, 10 * time.Millisecond, 5 * time.Minute},
		{"RAGLINE_GATEWAY_SHUTDOWN_TIMEOUT", c.ShutdownTimeout, 0, 5 * time.Minute},
	} {
		if d.value < d.low || d.value > d.top {
			return fmt.Errorf("%s=%s: allowed are %s to %s", d.name, d.value, d.low, d.top)
		}
	}
	if c.MaxBody < 1<<10 || c.MaxBody > 16<<20 {
		return fmt.Errorf("RAGLINE_GATEWAY_MAX_BODY=%d: allowed are 1024 to 16777216", c.MaxBody)
	}
	if !(c.Rate >= 0 && c.Rate <= 1_000_000) { // written so that NaN fails too
		return fmt.Errorf("RAGLINE_GATEWAY_RATE=%v: allowed are 0 to 1000000", c.Rate)
	}
	if slices.ContainsFunc(c.APIKeys, func(key string) bool { return len(key) < minKeyBytes }) {
		return fmt.Errorf("RAGLINE_GATEWAY_API_KEYS: a key is shorter than %d bytes", minKeyBytes)
	}
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("RAGLINE_GATEWAY_CORS_ORIGINS: %q is not an origin such as https://app.example.com", origin)
		}
	}
	return nil
}
