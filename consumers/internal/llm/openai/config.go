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
	// ReAct is the prompt that explains the text protocol, with {{tools}} and {{question}}.
	ReAct domain.Prompt
	// Logger may be nil.
	Logger *slog.Logger
	// Transport defaults to http.DefaultTransport.
	Transport http.RoundTripper
}
