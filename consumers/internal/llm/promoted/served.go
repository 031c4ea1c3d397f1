package promoted

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/ollama"
)

// provider is gen_ai.provider.name.
const provider = "ollama"

// served is a model by its name in Ollama.
type served struct {
	name   string
	client *ollama.Client
	cfg    Config
}

// Name returns the name in Ollama, with the version.
func (s *served) Name() string { return s.name }

// SelfTrained returns true.
func (s *served) SelfTrained() bool { return true }

// Generate searches first, and then answers from what was found.
func (s *served) Generate(ctx context.Context, r llm.Request, onToken func(string)) (llm.Response, error) {
	asked := -1
	for i, m := range r.Messages {
		if m.Role == llm.RoleUser {
			asked = i
		}
	}
	if asked < 0 {
		return llm.Response{}, &llm.Error{Status: http.StatusBadRequest, Message: "the request has no question"}
	}
	question := r.Messages[asked].Text
	passages, searched, err := found(r.Messages[asked+1:])
	if err != nil {
		return llm.Response{}, err
	}
	if !searched && offers(r.Tools, llm.SearchTool) {
		return s.search(question)
	}
	messages := []ollama.Message{{Role: "user", Content: domain.GroundedPrompt(question, passages)}}
	if system := systemOf(r.Messages); system != "" {
		messages = append([]ollama.Message{{Role: "system", Content: system}}, messages...)
	}
	return s.answer(ctx, messages, onToken)
}

func (s *served) search(question string) (llm.Response, error) {
	arguments, err := json.Marshal(map[string]string{"query": question})
	if err != nil {
		return llm.Response{}, fmt.Errorf("encoding the question: %w", err)
	}
	return llm.Response{
		Thought: "The model answers from passages. I need some about the question.", FinishReason: "tool_calls",
		Calls: []llm.Call{{Tool: llm.SearchTool, Arguments: arguments}}, Provider: provider, Model: s.name,
	}, nil
}

// answer asks Ollama. It is tried again until a piece of the answer was passed on.
func (s *served) answer(ctx context.Context, messages []ollama.Message, onToken func(string)) (llm.Response, error) {
	wait := s.cfg.Backoff
	for attempt := 1; ; attempt++ {
		out, begun, err := s.attempt(ctx, messages, onToken)
		var e *llm.Error
		if err == nil || begun || attempt >= s.cfg.Attempts || ctx.Err() != nil || !errors.As(err, &e) || !e.Temporary() {
			return out, err
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

func (s *served) attempt(ctx context.Context, messages []ollama.Message, onToken func(string)) (llm.Response, bool, error) {
	out := llm.Response{
		Provider: provider, Model: s.name,
		Prompt: llm.Prompt{Name: domain.GroundedName, Version: domain.GroundedVersion},
	}
	limited, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := s.client.Chat(limited, ollama.Request{
		Model: s.name, Messages: messages, Options: map[string]any{"temperature": s.cfg.Temperature, "num_predict": s.cfg.MaxTokens},
	}, func(p ollama.Piece) {
		if out.FirstToken.IsZero() {
			out.FirstToken = p.At
		}
		if onToken != nil {
			onToken(p.Text)
		}
	})
	begun := !out.FirstToken.IsZero()
	if err != nil {
		return out, begun && onToken != nil, s.failure(ctx, limited, err)
	}
	out.Text, out.FinishReason = answer.Text, answer.Done
	out.Usage = llm.Usage{InputTokens: int64(answer.PromptTokens), OutputTokens: int64(answer.Tokens)}
	return out, begun, nil
}

// failure says what to do about an error where there is something to do.
func (s *served) failure(ctx, limited context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return &llm.Error{Message: fmt.Sprintf("no answer of %s within %s", s.name, s.cfg.Timeout), Err: err}
	case errors.Is(err, ollama.ErrNotFound):
		return &llm.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Ollama at %s has no %s: package it again, or go back with `ragline model rollback`", s.client.Host(), s.name), Err: err}
	case errors.Is(err, ollama.ErrUnreachable):
		return &llm.Error{Message: err.Error(), Err: err}
	default:
		return &llm.Error{Status: http.StatusInternalServerError, Message: err.Error(), Err: err}
	}
}

// found are the passages of the searches since the question, each once, as the dataset takes them from the trace.
func found(messages []llm.Message) (passages []domain.Passage, searched bool, err error) {
	seen := map[domain.Passage]bool{}
	for _, m := range messages {
		if m.Role != llm.RoleTool || m.Tool != llm.SearchTool {
			continue
		}
		searched = true
		known, err := llm.ReadKnowledge(m.Text, m.Data)
		if err != nil {
			return nil, true, err
		}
		for _, p := range known.Passages {
			one := domain.Passage{DocumentID: p.DocumentID, Title: p.Title, Text: p.Text}
			if !seen[one] {
				seen[one] = true
				passages = append(passages, one)
			}
		}
	}
	return passages, searched, nil
}

func systemOf(messages []llm.Message) string {
	if len(messages) > 0 && messages[0].Role == llm.RoleSystem {
		return strings.TrimSpace(messages[0].Text)
	}
	return ""
}

func offers(tools []llm.Tool, name string) bool {
	for _, t := range tools {
		if t.Name == name {
			return true
		}
	}
	return false
}
