package langfuse

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/ragline/ragline/consumers/exporter/trace"
)

// Name is the backend's name in OBSERVABILITY_BACKEND.
const Name = "langfuse"

// Deps is what the backend is given.
type Deps struct {
	// Transport carries the requests. Nil makes one for this backend.
	Transport http.RoundTripper
	// Version of the code, sent as the version of the OTLP scope.
	Version string
}

// New checks the configuration and returns the backend of its mode. It does not connect.
func New(cfg Config, deps Deps) (trace.Backend, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base := backend{server: newServer(cfg, deps.Transport), content: cfg.Content}
	if cfg.Mode == ModeLegacy {
		return &legacy{base}, nil
	}
	return newOTLP(base, cfg, deps), nil
}

// backend is what both modes share. Its Check is that of the server.
type backend struct {
	*server
	content bool
}

// Name is "langfuse".
func (backend) Name() string { return Name }

// Close frees idle connections. It may be called twice.
func (b backend) Close() error {
	b.client.Close()
	return nil
}

var notEnvironment = regexp.MustCompile(`[^a-z0-9_-]+`)

// environment makes a name that LangFuse accepts; any other silently becomes "default".
func environment(name string) string {
	name = strings.ToLower(name)
	for strings.HasPrefix(name, "langfuse") {
		name = strings.TrimPrefix(name, "langfuse")
	}
	name = strings.Trim(notEnvironment.ReplaceAllString(name, "-"), "-")
	if len(name) > 40 {
		name = name[:40]
	}
	if name == "" {
		return "default"
	}
	return name
}
