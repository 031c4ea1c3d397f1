package otlp

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Ways to send scores and feedback.
const (
	ScoresLogs  = "logs"
	ScoresSpans = "spans"
	ScoresOff   = "off"
)

// Protocols of OTLP.
const (
	ProtocolHTTP = "http/protobuf"
	ProtocolGRPC = "grpc"
)

// Config says where the collector is. Names and defaults are those of the OpenTelemetry specification.
type Config struct {
	// Protocol is how to talk to the collector.
	Protocol string `env:"OTEL_EXPORTER_OTLP_PROTOCOL" envDefault:"http/protobuf" doc:"How to talk to the OTLP collector. Allowed: http/protobuf, grpc."`
	// Endpoint is the collector's base URL; over HTTP v1/traces and v1/logs are appended.
	Endpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" doc:"Base URL of the OTLP collector; over HTTP v1/traces and v1/logs are appended. Over gRPC https means TLS and http none. Empty: http://localhost:4318, or http://localhost:4317 for grpc. Allowed: http and https URLs."`
	// TracesEndpoint and LogsEndpoint are used as they are.
	TracesEndpoint string `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" doc:"Full URL for spans over HTTP, used as it is. Empty: derived from OTEL_EXPORTER_OTLP_ENDPOINT."`
	LogsEndpoint   string `env:"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" doc:"Full URL for log records over HTTP, used as it is. Empty: derived from OTEL_EXPORTER_OTLP_ENDPOINT."`
	// Headers go with every request.
	Headers string `env:"OTEL_EXPORTER_OTLP_HEADERS" doc:"Headers of every request: name=value pairs separated by commas, values URL-encoded. Usually the API key." secret:"true"`
	// Compression of requests.
	Compression string `env:"OTEL_EXPORTER_OTLP_COMPRESSION" envDefault:"gzip" doc:"Compression of requests. Allowed: gzip, none."`
	// TimeoutMS bounds one request.
	TimeoutMS int `env:"OTEL_EXPORTER_OTLP_TIMEOUT" envDefault:"10000" doc:"Time for one request in milliseconds. Allowed: 1 to 600000."`
	// Scores says what scores and feedback become.
	Scores string `env:"RAGLINE_OTLP_SCORES" envDefault:"logs" doc:"What scores and feedback become: log records as the conventions say, spans of no length for collectors that take no logs (Jaeger), or nothing. Allowed: logs, spans, off."`
	// Content allows questions, answers and other texts to leave.
	Content bool `env:"RAGLINE_OTLP_CONTENT" envDefault:"true" doc:"Send questions, answers, tool arguments, explanations and comments too. Allowed: true, false."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, u := range []struct{ name, value string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", c.Endpoint},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.TracesEndpoint},
		{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", c.LogsEndpoint},
	} {
		if err := checkURL(u.name, u.value); err != nil {
			return err
		}
	}
	if c.Protocol != ProtocolHTTP && c.Protocol != ProtocolGRPC {
		return fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL=%s: allowed are %s and %s", c.Protocol, ProtocolHTTP, ProtocolGRPC)
	}
	if _, err := c.headers(); err != nil {
		return err
	}
	if c.Compression != "gzip" && c.Compression != "none" {
		return fmt.Errorf("OTEL_EXPORTER_OTLP_COMPRESSION=%s: allowed are gzip and none", c.Compression)
	}
	if c.TimeoutMS < 1 || c.TimeoutMS > 600_000 {
		return fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT=%d: allowed are 1 to 600000 milliseconds", c.TimeoutMS)
	}
	switch c.Scores {
	case ScoresLogs, ScoresSpans, ScoresOff:
		return nil
	default:
		return fmt.Errorf("RAGLINE_OTLP_SCORES=%s: allowed are logs, spans and off", c.Scores)
	}
}

func checkURL(name, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s=%s: not an http or https URL", name, value)
	}
	return nil
}

// headers follow the specification: W3C baggage without properties. The value is a secret, so no error shows it.
func (c Config) headers() (map[string]string, error) {
	headers := map[string]string{}
	for i, pair := range strings.Split(c.Headers, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err != nil || strings.ContainsAny(decoded, "\r\n") {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: pair %d is not name=value with a URL-encoded value", i+1)
		}
		headers[name] = decoded
	}
	return headers, nil
}

func (c Config) tracesURL() string { return signalURL(c.TracesEndpoint, c.address(), "v1/traces") }
func (c Config) logsURL() string   { return signalURL(c.LogsEndpoint, c.address(), "v1/logs") }

// address is the base URL in force.
func (c Config) address() string {
	switch {
	case c.Endpoint != "":
		return c.Endpoint
	case c.Protocol == ProtocolGRPC:
		return "http://localhost:4317"
	default:
		return "http://localhost:4318"
	}
}

func signalURL(own, base, path string) string {
	if own != "" {
		return own
	}
	return strings.TrimSuffix(base, "/") + "/" + path
}

func (c Config) timeout() time.Duration { return time.Duration(c.TimeoutMS) * time.Millisecond }
