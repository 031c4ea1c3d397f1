package provider

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/extractive"
	"github.com/ragline/ragline/consumers/internal/llm/openai"
	"github.com/ragline/ragline/consumers/internal/llm/promoted"
)

// The providers.
const (
	Extractive = "extractive"
	OpenAI     = "openai"
	Promoted   = "promoted"
)

// Config says which model answers.
type Config struct {
	// Provider defaults to extractive, which needs no key.
	Provider string `env:"RAGLINE_LLM_PROVIDER" envDefault:"extractive" doc:"Model that answers. Allowed: extractive (quotes the documents, needs no key), openai (any OpenAI-compatible server), promoted (the model of RAGLINE_MODEL_SERIES that was promoted last, in Ollama)."`
	// Fallback answers where no model is promoted.
	Fallback string `env:"RAGLINE_LLM_FALLBACK" envDefault:"extractive" doc:"Model that answers with RAGLINE_LLM_PROVIDER=promoted until one is promoted. Allowed: extractive, openai."`
	// MaxTokens bounds an answer of a promoted model.
	MaxTokens int `env:"RAGLINE_LLM_MAX_TOKENS" envDefault:"1024" doc:"Most tokens of an answer of a promoted model. Allowed: 1 to 100000."`
	// Series of models and Ollama's address are settings of the model factory.
	Series, Ollama string
	// BaseURL of an OpenAI-compatible server, with its /v1.
	BaseURL string `env:"RAGLINE_LLM_BASE_URL" envDefault:"https://api.openai.com/v1" doc:"Base URL of the OpenAI-compatible server, for example http://localhost:11434/v1 for Ollama."`
	APIKey  string `env:"RAGLINE_LLM_API_KEY" doc:"Key for the server. Empty: none, as for local servers." secret:"true"`
	Model   string `env:"RAGLINE_LLM_MODEL" doc:"Name of the model, for example gpt-5-mini. Required for openai."`
	// Tools is how the model is told of tools.
	Tools string `env:"RAGLINE_LLM_TOOLS" envDefault:"auto" doc:"How an OpenAI-compatible model is told of tools. Allowed: native (tool calls of the API), text (the ReAct protocol in the prompt, for models without tool calls), auto (native, and text for models that are known to have none or whose server says so)."`
	// Temperature defaults to 0: the same question should get the same answer.
	Temperature float64 `env:"RAGLINE_LLM_TEMPERATURE" envDefault:"0" doc:"Sampling temperature. Allowed: 0 to 2."`
	// Timeout of one attempt, streaming included.
	Timeout time.Duration `env:"RAGLINE_LLM_TIMEOUT" envDefault:"60s" doc:"Longest duration of one model call. Allowed: 1s to 1h."`
	// Attempts counts the first try.
	Attempts int `env:"RAGLINE_LLM_ATTEMPTS" envDefault:"4" doc:"Tries of a model call before the run fails. Allowed: 1 to 20."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if !slices.Contains([]string{Extractive, OpenAI, Promoted}, c.Provider) {
		return fmt.Errorf("RAGLINE_LLM_PROVIDER=%s: allowed are %s, %s and %s", c.Provider, Extractive, OpenAI, Promoted)
	}
	if c.Fallback != Extractive && c.Fallback != OpenAI && c.Fallback != "" {
		return fmt.Errorf("RAGLINE_LLM_FALLBACK=%s: allowed are %s and %s", c.Fallback, Extractive, OpenAI)
	}
	if !slices.Contains([]openai.Mode{openai.Native, openai.Text, openai.Auto}, openai.Mode(c.Tools)) && c.Tools != "" {
		return fmt.Errorf("RAGLINE_LLM_TOOLS=%s: allowed are native, text and auto", c.Tools)
	}
	if c.Temperature < 0 || c.Temperature > 2 {
		return fmt.Errorf("RAGLINE_LLM_TEMPERATURE=%g: allowed are 0 to 2", c.Temperature)
	}
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		return fmt.Errorf("RAGLINE_LLM_TIMEOUT=%s: allowed are 1s to 1h", c.Timeout)
	}
	if c.Attempts < 1 || c.Attempts > 20 {
		return fmt.Errorf("RAGLINE_LLM_ATTEMPTS=%d: allowed are 1 to 20", c.Attempts)
	}
	if c.Provider == Promoted && (c.MaxTokens < 1 || c.MaxTokens > 100_000) {
		return fmt.Errorf("RAGLINE_LLM_MAX_TOKENS=%d: allowed are 1 to 100000", c.MaxTokens)
	}
	if c.chosen() != OpenAI {
		return nil
	}
	if c.Model == "" {
		return errors.New("RAGLINE_LLM_MODEL is empty: the provider openai needs the name of a model")
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("RAGLINE_LLM_BASE_URL=%s: allowed are http and https URLs", c.BaseURL)
	}
	return nil
}

// chosen is the provider that answers, where none is promoted.
func (c Config) chosen() string {
	if c.Provider == Promoted {
		return c.Fallback
	}
	return c.Provider
}

// New returns the configured model for a knowledge pack. It does not connect. The logger may be nil.
func New(cfg Config, pack *domain.Pack, logger *slog.Logger) (llm.Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Provider == Promoted {
		fallback := cfg
		fallback.Provider = cfg.chosen()
		m, err := New(fallback, pack, logger)
		if err != nil {
			return nil, err
		}
		return promoted.New(promoted.Config{
			Series: cfg.Series, Ollama: cfg.Ollama, Temperature: cfg.Temperature, MaxTokens: cfg.MaxTokens,
			Timeout: cfg.Timeout, Attempts: cfg.Attempts, Backoff: time.Second,
		}, m, logger)
	}
	if cfg.Provider == OpenAI {
		return openai.New(openai.Config{
			BaseURL: cfg.BaseURL, APIKey: cfg.APIKey, Model: cfg.Model, Temperature: cfg.Temperature,
			Timeout: cfg.Timeout, Attempts: cfg.Attempts, Backoff: time.Second,
			Mode: openai.Mode(cfg.Tools), ReAct: pack.Prompts[openai.ReActPrompt], Tools: pack.Prompts[openai.ToolsPrompt], Logger: logger,
		})
	}
	know := extractive.Config{NotFound: pack.NotFound}
	for _, f := range pack.Facts.Rows() {
		if !slices.Contains(know.Entities, f.Entity) {
			know.Entities = append(know.Entities, f.Entity)
		}
	}
	for _, p := range pack.Products {
		know.Styles = append(know.Styles, p.Code)
	}
	return extractive.New(know), nil
}
