package openai

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// finishLength is the finish reason of a completion that was cut.
const finishLength = "length"

// chunk is one event of a stream, or a whole completion: that one has message in place of delta.
type chunk struct {
	Choices []struct {
		Delta   delta  `json:"delta"`
		Message delta  `json:"message"`
		Finish  string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt        int64 `json:"prompt_tokens"`
		Completion    int64 `json:"completion_tokens"`
		PromptDetails struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		CompletionDetails struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type delta struct {
	Content string `json:"content"`
	// Reasoning has two names: DeepSeek's and vLLM's, and OpenRouter's and Ollama's.
	ReasoningContent string      `json:"reasoning_content"`
	Reasoning        string      `json:"reasoning"`
	ToolCalls        []callDelta `json:"tool_calls"`
}

type callDelta struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name string `json:"name"`
		// Arguments are a string with JSON in it, and at some servers the object itself.
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// reply is what the chunks of a stream add up to.
type reply struct {
	text, reasoning strings.Builder
	calls           []*pendingCall
	at              map[int]*pendingCall // the newest call of an index
	finish          string
	usage           llm.Usage
}

type pendingCall struct {
	id, name  string
	arguments strings.Builder
}

// add takes a chunk and returns its text.
func (r *reply) add(c chunk) string {
	if u := c.Usage; u != nil {
		r.usage = llm.Usage{
			InputTokens: u.Prompt, OutputTokens: u.Completion,
			CachedInputTokens: u.PromptDetails.Cached, ReasoningTokens: u.CompletionDetails.Reasoning,
		}
	}
	var text strings.Builder
	for _, choice := range c.Choices {
		if choice.Finish != "" {
			r.finish = choice.Finish
		}
		for _, d := range []delta{choice.Delta, choice.Message} {
			text.WriteString(d.Content)
			r.reasoning.WriteString(d.ReasoningContent + d.Reasoning)
			for _, call := range d.ToolCalls {
				r.call(call)
			}
		}
	}
	r.text.WriteString(text.String())
	return text.String()
}

// call adds a piece of a tool call. A new id begins a new call even at an index that is taken: some servers count all
// parallel calls as 0.
func (r *reply) call(d callDelta) {
	if r.at == nil {
		r.at = map[int]*pendingCall{}
	}
	index := max(len(r.calls)-1, 0)
	if d.Index != nil {
		index = *d.Index
	}
	p := r.at[index]
	if p == nil || d.ID != "" && p.id != "" && d.ID != p.id || d.Index == nil && d.Function.Name != "" && p.name != "" {
		p = &pendingCall{}
		r.calls = append(r.calls, p)
		if d.Index == nil {
			index = len(r.calls) - 1
		}
		r.at[index] = p
	}
	if d.ID != "" {
		p.id = d.ID
	}
	p.name += d.Function.Name
	raw := bytes.TrimSpace(d.Function.Arguments)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		p.arguments.WriteString(text)
	} else {
		p.arguments.Write(raw)
	}
}

func (r *reply) size() int {
	n := r.text.Len() + r.reasoning.Len()
	for _, c := range r.calls {
		n += len(c.name) + c.arguments.Len()
	}
	return n
}
