package openai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
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
	table  table
	text   atomic.Bool // whether tools go through the text protocol
}

// New returns a model. It does not connect.
func New(cfg Config) (*Model, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Attempts = max(cfg.Attempts, 1)
	if err := errors.Join(complete(&cfg.ReAct, ReActPrompt), complete(&cfg.Tools, ToolsPrompt)); err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg}
	var err error
	if m.table, err = readTable(); err != nil {
		return nil, err
	}
	m.text.Store(cfg.Mode == Text || cfg.Mode != Native && m.table.mode(cfg.Model) == Text)
	// langchaingo insists on a key; servers without one ignore it.
	key := cfg.APIKey
	if key == "" {
		key = "none"
	}
	m.client, err = lc.New(lc.WithBaseURL(cfg.BaseURL), lc.WithToken(key), lc.WithModel(cfg.Model), lc.WithHTTPClient(&doer{transport: cfg.Transport}))
	if err != nil {
		return nil, fmt.Errorf("opening model %s: %w", cfg.Model, err)
	}
	return m, nil
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
		text := m.text.Load()
		out, err := m.try(ctx, r, text, emit)
		if err == nil {
			return out, nil
		}
		if !text && m.cfg.Mode != Native && ctx.Err() == nil && m.table.refuses(err) {
			m.cfg.Logger.Warn("model knows no tools: they are explained in its prompt from now on; set RAGLINE_LLM_TOOLS=text to do so at once", "model", m.cfg.Model, "error", err)
			m.text.Store(true)
			attempt--
			continue
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

// try makes one attempt.
func (m *Model) try(ctx context.Context, r llm.Request, text bool, emit func(string)) (llm.Response, error) {
	limited, cancel := context.WithTimeoutCause(ctx, m.cfg.Timeout, errTimeout)
	defer cancel()
	if text {
		return m.tryText(ctx, limited, r, emit)
	}
	held := &preamble{emit: emit}
	x := &exchange{now: time.Now, onText: held.add}
	var options []llms.CallOption
	if len(r.Tools) > 0 {
		options = append(options, llms.WithTools(functions(r.Tools)))
	}
	if err := m.exchange(ctx, limited, x, renderNative(m.cfg.Tools, r), options...); err != nil {
		return llm.Response{}, err
	}
	out := x.reply.response()
	held.finish(out.Text)
	out.Prompt = named(m.cfg.Tools)
	return m.complete(out, x), nil
}

func (m *Model) tryText(ctx, limited context.Context, r llm.Request, emit func(string)) (llm.Response, error) {
	stream := &answerStream{emit: emit}
	x := &exchange{now: time.Now, onText: stream.add}
	if err := m.exchange(ctx, limited, x, renderText(m.cfg.ReAct, r), llms.WithStopWords([]string{"\n" + observeMark})); err != nil {
		return llm.Response{}, err
	}
	out := parse(x.reply.text.String(), x.reply.finish)
	stream.finish(out.Text)
	if reasoning := x.reply.reasoning.String(); reasoning != "" && out.Thought == "" {
		out.Thought = reasoning
	}
	out.Prompt = named(m.cfg.ReAct)
	return m.complete(out, x), nil
}

// exchange sends a request and waits for the end of its response.
func (m *Model) exchange(ctx, limited context.Context, x *exchange, messages []llms.MessageContent, options ...llms.CallOption) error {
	options = append(options, llms.WithTemperature(m.cfg.Temperature),
		llms.WithStreamingFunc(func(context.Context, []byte) error { return nil })) // asks for a stream; what it brings is read by the transport
	_, err := m.client.GenerateContent(x.in(limited), messages, options...)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case x.done && x.err == nil:
		return nil
	case context.Cause(limited) != nil:
		return &llm.Error{Message: fmt.Sprintf("no answer within %s", m.cfg.Timeout), Err: errTimeout}
	case x.done:
		return x.err
	default:
		return fmt.Errorf("writing the request: %w", err)
	}
}

func (m *Model) complete(out llm.Response, x *exchange) llm.Response {
	out.Provider, out.Model, out.FinishReason, out.FirstToken = provider, m.cfg.Model, x.reply.finish, x.started
	out.Usage = x.reply.usage
	return out
}
