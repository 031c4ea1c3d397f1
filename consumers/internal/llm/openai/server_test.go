package openai_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/openai"
)

// chatRequest is what a client of the chat completions API sends.
type chatRequest struct {
	Model       string
	Temperature float64
	Stream      bool
	Stop        []string
	Messages    []struct {
		Role       string
		Content    any
		ToolCallID string `json:"tool_call_id"`
		ToolCalls  []struct {
			ID, Type string
			Function struct{ Name, Arguments string }
		} `json:"tool_calls"`
	}
	Tools []struct {
		Type     string
		Function struct {
			Name, Description string
			Parameters        map[string]any
		}
	}
	header http.Header
}

// server speaks OpenAI's chat completions. Each reply serves one request; the last one serves all further requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []chatRequest
	replies  []http.HandlerFunc
}

func serve(t *testing.T, replies ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{replies: replies}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req chatRequest
		if r.URL.Path != "/v1/chat/completions" || json.NewDecoder(r.Body).Decode(&req) != nil {
			http.Error(w, "not the chat completions API", http.StatusBadRequest)
			return
		}
		req.header = r.Header
		s.mu.Lock()
		s.requests = append(s.requests, req)
		reply := s.replies[min(len(s.requests), len(s.replies))-1]
		s.mu.Unlock()
		reply(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) seen() []chatRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// stream replies with server-sent events, one for each piece.
func stream(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": keep-alive\n\n")
		for _, p := range pieces {
			send(w, map[string]any{"choices": []any{map[string]any{"delta": map[string]string{"content": p}}}})
		}
		send(w, map[string]any{"choices": []any{map[string]any{"delta": map[string]string{}, "finish_reason": "stop"}}})
		send(w, map[string]any{"choices": []any{}, "usage": map[string]any{
			"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150, "prompt_tokens_details": map[string]int{"cached_tokens": 100},
		}})
		fmt.Fprint(w, "data: [DONE]\n\n")
	}
}

// events replies with chunks as they stand.
func events(chunks ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, c := range chunks {
			fmt.Fprintf(w, "data: %s\n\n", c)
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	}
}

// cut replies with the beginning of a stream.
func cut(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, p := range pieces {
			send(w, map[string]any{"choices": []any{map[string]any{"delta": map[string]string{"content": p}}}})
		}
	}
}

func send(w http.ResponseWriter, v any) {
	raw, _ := json.Marshal(v)
	fmt.Fprintf(w, "data: %s\n\n", raw)
	w.(http.Flusher).Flush()
}

// refuse replies with an error in the server's own words.
func refuse(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"error":{"message":"status %d it is","type":"x"}}`, code)
	}
}

// hang replies when the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func model(t *testing.T, s *server, change ...func(*openai.Config)) *openai.Model {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := openai.Config{
		BaseURL: s.URL + "/v1", APIKey: "key", Model: "test-model", Temperature: 0.5,
		Timeout: 30 * time.Second, Attempts: 3, Backoff: time.Millisecond, Transport: transport,
		Mode: openai.Text, ReAct: domain.Prompt{Name: "react", Version: "7", Text: "Tools:\n{{tools}}\nQuestion: {{question}}"},
	}
	for _, c := range change {
		c(&cfg)
	}
	m, err := openai.New(cfg)
	require.NoError(t, err)
	return m
}

func request() llm.Request {
	return llm.Request{
		Messages: []llm.Message{
			{Role: llm.RoleSystem, Text: "be brief"},
			{Role: llm.RoleUser, Text: "earlier"},
			{Role: llm.RoleAssistant, Text: "reply"},
			{Role: llm.RoleUser, Text: "how many?"},
			{Role: llm.RoleAssistant, Text: "look", Calls: []llm.Call{{ID: "c1", Tool: "search", Arguments: json.RawMessage(`{"q":"x"}`)}}},
			{Role: llm.RoleTool, CallID: "c1", Tool: "search", Text: "[doc] 7"},
		},
		Tools: []llm.Tool{{Name: "search", Description: "Searches.", InputSchema: json.RawMessage(`{"type":"object"}`)}},
	}
}
