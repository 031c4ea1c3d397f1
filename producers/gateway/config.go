package gateway

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/ragline/ragline/producers/httpd"
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
	// OTLPGRPCAddr is where OTLP comes in over gRPC. It is off by default: a second port would stand in the way of a
	// collector on the same machine, and OTLP over HTTP comes in at Addr.
	OTLPGRPCAddr string `env:"RAGLINE_GATEWAY_OTLP_GRPC_ADDR" doc:"Address of OTLP over gRPC, host:port, such as 127.0.0.1:4317. Empty: off; OTLP over HTTP comes in at RAGLINE_GATEWAY_ADDR."`
	// OTLPMaxBody bounds an OTLP request. A span is bounded by what a record may hold.
	OTLPMaxBody int64 `env:"RAGLINE_GATEWAY_OTLP_MAX_BODY" envDefault:"16777216" doc:"Largest OTLP request in bytes, unpacked. Allowed: 65536 to 67108864."`
	// OTLPTimeout is how long an OTLP request waits for Kafka. Exporters give up after 10 s by default: an answer before
	// that tells them when to come back.
	OTLPTimeout time.Duration `env:"RAGLINE_GATEWAY_OTLP_TIMEOUT" envDefault:"8s" doc:"Time that an OTLP request waits for Kafka; keep it below the exporters' own, which is 10s by default. Allowed: 1ms to 10m."`
	// OTLPBuffer bounds the OTLP requests that wait for Kafka.
	OTLPBuffer int64 `env:"RAGLINE_GATEWAY_OTLP_BUFFER" envDefault:"67108864" doc:"Bytes of OTLP requests that may be on their way to Kafka at once; senders of more are told to come back. Allowed: RAGLINE_GATEWAY_OTLP_MAX_BODY to 1073741824."`
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
	if len(c.APIKeys) > 0 {
		return false
	}
	return slices.ContainsFunc([]string{c.Addr, c.OTLPGRPCAddr}, func(addr string) bool {
		_, _, err := net.SplitHostPort(addr)
		return err == nil && !httpd.IsLoopback(addr)
	})
}

// minKeyBytes keeps keys out of reach of guessing.
const minKeyBytes = 16

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("RAGLINE_GATEWAY_ADDR=%s: not host:port", c.Addr)
	}
	if _, _, err := net.SplitHostPort(c.OTLPGRPCAddr); err != nil && c.OTLPGRPCAddr != "" {
		return fmt.Errorf("RAGLINE_GATEWAY_OTLP_GRPC_ADDR=%s: not host:port", c.OTLPGRPCAddr)
	}
	for _, d := range []struct {
		name            string
		value, low, top time.Duration
	}{
		{"RAGLINE_GATEWAY_MAX_TIMEOUT", c.MaxTimeout, time.Second, 24 * time.Hour},
		{"RAGLINE_GATEWAY_TIMEOUT", c.Timeout, time.Millisecond, c.MaxTimeout},
		{"RAGLINE_GATEWAY_OTLP_TIMEOUT", c.OTLPTimeout, time.Millisecond, 10 * time.Minute},
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
	if c.OTLPMaxBody < 64<<10 || c.OTLPMaxBody > 64<<20 {
		return fmt.Errorf("RAGLINE_GATEWAY_OTLP_MAX_BODY=%d: allowed are 65536 to 67108864", c.OTLPMaxBody)
	}
	if c.OTLPBuffer < c.OTLPMaxBody || c.OTLPBuffer > 1<<30 {
		return fmt.Errorf("RAGLINE_GATEWAY_OTLP_BUFFER=%d: allowed are %d (RAGLINE_GATEWAY_OTLP_MAX_BODY) to 1073741824", c.OTLPBuffer, c.OTLPMaxBody)
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
