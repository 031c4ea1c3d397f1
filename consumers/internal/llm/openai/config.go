package openai

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ragline/ragline/consumers/domain"
)

// Config of a model.
type Config struct {
	BaseURL     string
	APIKey      string
	Model       string
	Temperature float64
	// Timeout of one attempt, streaming included.
	Timeout time.Duration
	// Attempts counts the first try. At least 1.
	Attempts int
	// Backoff is the wait before the second try when the server names none. It doubles, up to 30 s.
	Backoff time.Duration
	// Mode is how the model is told of tools. Defaults to Auto.
	Mode Mode
	// ReAct explains the text protocol, Tools goes with native tool calls. They default to those of this package.
	ReAct, Tools domain.Prompt
	// Logger may be nil.
	Logger *slog.Logger
	// Transport defaults to http.DefaultTransport.
	Transport http.RoundTripper
}
