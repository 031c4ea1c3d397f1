package openai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/tmc/langchaingo/llms"
	lc "github.com/tmc/langchaingo/llms/openai"

	"github.com/ragline/ragline/consumers/internal/llm"
)

const (
	provider   = "openai"
	maxBackoff = 30 * time.Second
	// maxRetryAfter is the longest wait that a server may ask for. A run that waits longer is better failed.
	maxRetryAfter = 2 * time.Minute
)

// Model is a model behind an OpenAI-compatible endpoint.
type Model struct {
	cfg    Config
	client *lc.LLM
}

// New returns a model. It does not connect.
func New(cfg Config) (*Model, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Attempts = max(cfg.Attempts, 1)
	// langchaingo insists on a key; servers without one ignore it.
	key := cfg.APIKey
	if key == "" {
		key = "none"
	}
	client, err := lc.New(lc.WithBaseURL(cfg.BaseURL), lc.WithToken(key), lc.WithModel(cfg.Model), lc.WithHTTPClient(&doer{transport: cfg.Transport}))
	if err != nil {
		return nil, fmt.Errorf("opening model %s: %w", cfg.Model, err)
	}
	return &Model{cfg: cfg, client: client}, nil
}

// Name returns the model's name.
func (m *Model) Name() string { return m.cfg.Model }

// Generate tries until the model has answered, the attempts are used up, or part of an answer was passed on.
func (m *Model) Generate(ctx context.Context, r llm.Request, onToken func(string)) (llm.Response, error) {
	for attempt := 1; ; attempt++ {
		emitted := false
		var emit func(string)
		if onToken != nil {
			emit = func(s string) {
				emitted = true
				onToken(s)
			}
		}
		out, err := m.try(ctx, r, emit)
		if err == nil {
			return out, nil
		}
		var e *llm.Error
		if ctx.Err() != nil || emitted || attempt >= m.cfg.Attempts || !errors.As(err, &e) || !e.Temporary() || e.RetryAfter > maxRetryAfter {
			return llm.Response{}, err
		}
		wait := m.wait(attempt, e)
		m.cfg.Logger.Debug("model call failed, trying again", "model", m.cfg.Model, "attempt", attempt, "wait", wait, "error", err)
		select {
		case <-ctx.Done():
			return llm.Response{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (m *Model) wait(attempt int, e *llm.Error) time.Duration {
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	wait := min(m.cfg.Backoff<<(attempt-1), maxBackoff)
	return wait/2 + rand.N(wait/2+1)
}

// try makes one attempt. langchaingo hides what the transport returned, so the transport leaves it in the context.
func (m *Model) try(ctx context.Context, r llm.Request, emit func(string)) (llm.Response, error) {
	limited, cancel := context.WithTimeoutCause(ctx, m.cfg.Timeout, errTimeout)
	defer cancel()
	held, limited := holdError(limited)
	stream := &answerStream{emit: emit, now: time.Now}
	res, err := m.client.GenerateContent(limited, render(m.cfg.ReAct, r),
		llms.WithTemperature(m.cfg.Temperature),
		llms.WithStopWords([]string{"\n" + observeMark}),
		llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
			stream.add(string(chunk))
			return nil
		}))
	switch {
	case ctx.Err() != nil:
		return llm.Response{}, ctx.Err()
	case held.err != nil:
		return llm.Response{}, held.err
	case context.Cause(limited) != nil:
		return llm.Response{}, &llm.Error{Message: fmt.Sprintf("no answer within %s", m.cfg.Timeout), Err: errTimeout}
	case err != nil:
		return llm.Response{}, &llm.Error{Message: err.Error(), Err: err}
	case res.Choices[0].StopReason == "":
		return llm.Response{}, &llm.Error{Message: "the stream ended early"}
	}
	return m.response(res.Choices[0], stream), nil
}

func (m *Model) response(c *llms.ContentChoice, stream *answerStream) llm.Response {
	out := parse(c.Content)
	stream.finish(out.Text)
	out.Provider, out.Model, out.FinishReason, out.FirstToken = provider, m.cfg.Model, c.StopReason, stream.first
	count := func(key string) int64 {
		n, _ := c.GenerationInfo[key].(int)
		return int64(n)
	}
	out.Usage = llm.Usage{
		InputTokens: count("PromptTokens"), OutputTokens: count("CompletionTokens"),
		CachedInputTokens: count("PromptCachedTokens"), ReasoningTokens: count("ReasoningTokens"),
	}
	return out
}
