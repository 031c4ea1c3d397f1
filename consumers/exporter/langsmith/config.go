package langsmith

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Ways to send spans.
const (
	ModeMultipart = "multipart"
	ModeOTLP      = "otlp"
)

// Config says where LangSmith is.
type Config struct {
	// Endpoint is the API's base URL.
	Endpoint string `env:"LANGSMITH_ENDPOINT" envDefault:"https://api.smith.langchain.com" doc:"Base URL of LangSmith's API. Self-hosted it ends in /api/v1. Allowed: http and https URLs."`
	// APIKey and WorkspaceID say who sends.
	APIKey      string `env:"LANGSMITH_API_KEY" doc:"LangSmith API key." secret:"true"`
	WorkspaceID string `env:"LANGSMITH_WORKSPACE_ID" doc:"LangSmith workspace, for keys that reach several."`
	// Project is where the runs go.
	Project string `env:"LANGSMITH_PROJECT" envDefault:"default" doc:"LangSmith project."`
	// Mode is how spans travel.
	Mode string `env:"RAGLINE_LANGSMITH_MODE" envDefault:"multipart" doc:"How spans travel to LangSmith: multipart (its own API) or otlp (its OpenTelemetry endpoint). Allowed: multipart, otlp."`
	// Hold is how long a span waits for its ancestors.
	Hold time.Duration `env:"RAGLINE_LANGSMITH_HOLD" envDefault:"15s" doc:"Time that a span waits for its parents to end before it is sent to LangSmith as a trace of its own. Allowed: 0s to 1h."`
	// Timeout bounds one request.
	Timeout time.Duration `env:"RAGLINE_LANGSMITH_TIMEOUT" envDefault:"10s" doc:"Time for one request to LangSmith. Allowed: 1ms to 10m."`
	// Content lets texts leave.
	Content bool `env:"RAGLINE_LANGSMITH_CONTENT" envDefault:"true" doc:"Send questions, answers, tool arguments, explanations and comments to LangSmith too. Allowed: true, false."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("LANGSMITH_ENDPOINT=%s: not an http or https URL", c.Endpoint)
	}
	switch {
	case c.APIKey == "":
		return errors.New("LANGSMITH_API_KEY is empty: make one in the settings of LangSmith")
	case c.Project == "":
		return errors.New("LANGSMITH_PROJECT is empty: name a project, it is made when it does not exist")
	case c.Mode != ModeMultipart && c.Mode != ModeOTLP:
		return fmt.Errorf("RAGLINE_LANGSMITH_MODE=%s: allowed are %s and %s", c.Mode, ModeMultipart, ModeOTLP)
	case c.Hold < 0 || c.Hold > time.Hour:
		return fmt.Errorf("RAGLINE_LANGSMITH_HOLD=%s: allowed are 0s to 1h", c.Hold)
	case c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute:
		return fmt.Errorf("RAGLINE_LANGSMITH_TIMEOUT=%s: allowed are 1ms to 10m", c.Timeout)
	}
	return nil
}

func (c Config) url(path string) string { return strings.TrimSuffix(c.Endpoint, "/") + path }
