package ollamatest

import (
	"fmt"
	"net/http"
	"strings"
)

func (s *Server) tags(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for name, m := range s.models {
		list = append(list, map[string]any{"name": name, "model": name, "digest": strings.TrimPrefix(m.digest, "sha256:"), "size": 1})
	}
	answer(w, http.StatusOK, map[string]any{"models": list})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model   string `json:"model"`
		Verbose bool   `json:"verbose"`
	}
	if !s.read(w, r, &req) {
		return
	}
	m, ok := s.find(req.Model)
	if !ok {
		s.absent(w, req.Model)
		return
	}
	g, err := s.decode(m.digest)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": err.Error()})
		return
	}
	quantization := g.KV().FileType().String()
	if m.quantized != "" {
		quantization = m.quantized
	}
	tensors := []any{}
	for _, t := range g.Tensors().Items() {
		tensors = append(tensors, map[string]any{"name": t.Name, "type": t.Type(), "shape": t.Shape})
	}
	keys := g.KV()
	delete(keys, "tokenizer.chat_template") // a real server hides it too
	answer(w, http.StatusOK, map[string]any{
		"template": m.template, "system": m.system, "parameters": parameters(m.parameters),
		"details":    map[string]any{"format": "gguf", "family": g.KV().Architecture(), "quantization_level": quantization},
		"model_info": keys, "tensors": tensors,
	})
}

func parameters(p map[string]any) string {
	var lines []string
	for name, v := range p {
		if list, ok := v.([]any); ok {
			for _, item := range list {
				lines = append(lines, fmt.Sprintf("%-30s %#v", name, item))
			}
			continue
		}
		lines = append(lines, fmt.Sprintf("%-30s %#v", name, v))
	}
	return strings.Join(lines, "\n")
}

func (s *Server) copyModel(w http.ResponseWriter, r *http.Request) {
	var req struct{ Source, Destination string }
	if !s.read(w, r, &req) {
		return
	}
	if !namePattern.MatchString(req.Destination) {
		answer(w, http.StatusBadRequest, map[string]any{"error": fmt.Sprintf("destination %q is invalid", req.Destination)})
		return
	}
	m, ok := s.find(req.Source)
	if !ok {
		answer(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("model %q not found", req.Source)})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models[full(req.Destination)] = m
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model string `json:"model"`
	}
	if !s.read(w, r, &req) {
		return
	}
	if _, ok := s.find(req.Model); !ok {
		s.absent(w, req.Model)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.models, full(req.Model))
}
