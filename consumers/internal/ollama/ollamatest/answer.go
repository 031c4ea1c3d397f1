package ollamatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
)

type askRequest struct {
	Model       string         `json:"model"`
	Messages    []api.Message  `json:"messages"`
	Prompt      string         `json:"prompt"`
	Raw         bool           `json:"raw"`
	Stream      *bool          `json:"stream"`
	Truncate    *bool          `json:"truncate"`
	RenderOnly  bool           `json:"_debug_render_only"`
	Logprobs    bool           `json:"logprobs"`
	TopLogprobs int            `json:"top_logprobs"`
	Options     map[string]any `json:"options"`
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var req askRequest
	if !s.read(w, r, &req) {
		return
	}
	m, ok := s.find(req.Model)
	if !ok {
		s.absent(w, req.Model)
		return
	}
	if !req.RenderOnly {
		s.say(w, req, func(text string) map[string]any {
			return map[string]any{"message": api.Message{Role: "assistant", Content: text}}
		})
		return
	}
	messages := req.Messages
	if m.system != "" && (len(messages) == 0 || messages[0].Role != "system") {
		messages = append([]api.Message{{Role: "system", Content: m.system}}, messages...)
	}
	var b bytes.Buffer
	if err := m.tmpl.Execute(&b, template.Values{Messages: messages}); err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": err.Error()})
		return
	}
	prompt := b.String()
	if s.Corrupt != nil {
		prompt = s.Corrupt(prompt)
	}
	answer(w, http.StatusOK, map[string]any{"model": req.Model, "_debug_info": map[string]any{"rendered_template": prompt}})
}

func (s *Server) generate(w http.ResponseWriter, r *http.Request) {
	var req askRequest
	if !s.read(w, r, &req) {
		return
	}
	if req.TopLogprobs < 0 || req.TopLogprobs > 20 {
		answer(w, http.StatusBadRequest, map[string]any{"error": "top_logprobs must be between 0 and 20"})
		return
	}
	if _, ok := s.find(req.Model); !ok {
		s.absent(w, req.Model)
		return
	}
	if !req.Raw {
		s.t.Error("generate without raw: the template is applied to a prompt that has one")
	}
	s.say(w, req, func(text string) map[string]any { return map[string]any{"response": text} })
}

// say answers like a model that has said what it had to say.
func (s *Server) say(w http.ResponseWriter, req askRequest, with func(string) map[string]any) {
	text := s.Answer
	if s.Reply != nil {
		text = s.Reply(req.Model, req.Messages)
	}
	words := strings.Fields(text)
	if req.Stream == nil || *req.Stream {
		for i := range words {
			piece := with(strings.Join(words[i:i+1], "") + strings.Repeat(" ", min(1, len(words)-1-i)))
			piece["model"], piece["done"] = req.Model, false
			answerLine(w, piece)
		}
		text = ""
	}
	body := with(text)
	body["model"], body["done"], body["done_reason"] = req.Model, true, "stop"
	body["prompt_eval_count"], body["eval_count"] = 1+len(req.Prompt), len(words)+1
	if req.Logprobs {
		list := []any{}
		for _, word := range words {
			list = append(list, map[string]any{"token": word, "logprob": -0.1, "top_logprobs": []any{map[string]any{"token": word, "logprob": -0.1}}})
		}
		body["logprobs"] = list
	}
	answerLine(w, body)
}

// answerLine writes one line of a stream, or the whole of an answer that is none.
func answerLine(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	_ = json.NewEncoder(w).Encode(v) // a client that went away has its error
}

func (s *Server) absent(w http.ResponseWriter, name string) {
	answer(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("model '%s' not found", name)})
}
