package ollama

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Message of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Token is a token with its logarithmic probability.
type Token struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes,omitempty"`
	// Top are the likeliest at this place, the first the likeliest.
	Top []Token `json:"top_logprobs,omitempty"`
}

// Request asks a model: a conversation, or with Prompt a text as it is.
type Request struct {
	Model    string
	Messages []Message
	// Prompt goes to the model without any template, but after the token that begins a text.
	Prompt string
	// TopLogprobs, up to 20, asks for the probabilities of every token.
	TopLogprobs int
	Options     map[string]any
}

// Answer of a model.
type Answer struct {
	Text string
	// Done is "stop" when the model ended its answer, "length" when it was cut, and "" when Ollama gave up on a model
	// that says one token over and over.
	Done         string
	PromptTokens int
	Tokens       int
	Logprobs     []Token
}

type answerWire struct {
	Response        string  `json:"response"`
	Message         Message `json:"message"`
	Done            bool    `json:"done"`
	DoneReason      string  `json:"done_reason"`
	PromptEvalCount int     `json:"prompt_eval_count"`
	EvalCount       int     `json:"eval_count"`
	Logprobs        []Token `json:"logprobs"`
	Debug           *struct {
		Rendered string `json:"rendered_template"`
	} `json:"_debug_info"`
	Error string `json:"error"`
}

// Ask runs the model and returns its whole answer.
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) {
	path, body := r.wire()
	w, err := c.answer(ctx, path, body)
	if err != nil {
		return Answer{}, err
	}
	text := w.Response + w.Message.Content
	if !w.Done && text == "" {
		return Answer{}, fmt.Errorf("asking %s: %w", r.Model, ErrUnfinished)
	}
	return Answer{
		Text: text, Done: w.DoneReason,
		PromptTokens: w.PromptEvalCount, Tokens: w.EvalCount, Logprobs: w.Logprobs,
	}, nil
}

// Render returns the prompt that the model would be given for a conversation. Nothing is cut to the context's size.
func (c *Client) Render(ctx context.Context, model string, messages []Message) (string, error) {
	w, err := c.answer(ctx, "/api/chat", map[string]any{
		"model": model, "messages": messages, "stream": false, "truncate": false, "_debug_render_only": true,
	})
	if err != nil {
		return "", err
	}
	if w.Debug == nil {
		return "", fmt.Errorf("rendering with %s: %w: this version does not tell its prompts", model, ErrRefused)
	}
	return w.Debug.Rendered, nil
}

func (c *Client) answer(ctx context.Context, path string, body map[string]any) (answerWire, error) {
	var w answerWire
	if err := c.call(ctx, http.MethodPost, path, body, &w); err != nil {
		return w, err
	}
	if w.Error != "" {
		return w, refusal(path, http.StatusOK, w.Error)
	}
	return w, nil
}

func (r Request) wire() (path string, body map[string]any) {
	body = map[string]any{"model": r.Model, "stream": false}
	if len(r.Options) > 0 {
		body["options"] = r.Options
	}
	if r.TopLogprobs > 0 {
		body["logprobs"], body["top_logprobs"] = true, r.TopLogprobs
	}
	if r.Messages != nil {
		body["messages"] = r.Messages
		return "/api/chat", body
	}
	body["prompt"], body["raw"] = r.Prompt, true
	return "/api/generate", body
}

// Delete removes a name. A name that is not there is removed.
func (c *Client) Delete(ctx context.Context, model string) error {
	err := c.call(ctx, http.MethodDelete, "/api/delete", map[string]any{"model": model}, nil)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Copy gives a model another name. It takes no time: both names have the same files.
func (c *Client) Copy(ctx context.Context, from, to string) error {
	return c.call(ctx, http.MethodPost, "/api/copy", map[string]any{"source": from, "destination": to}, nil)
}
