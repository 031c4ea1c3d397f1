package ollamatest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/ollama/ollama/fs/ggml"
	"github.com/ollama/ollama/template"
)

var digestPattern = regexp.MustCompile(`^sha256[:-][0-9a-fA-F]{64}$`)

func (s *Server) headBlob(w http.ResponseWriter, r *http.Request) {
	digest := r.PathValue("digest")
	if !digestPattern.MatchString(digest) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, err := os.Stat(s.blob(digest)); err != nil {
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *Server) postBlob(w http.ResponseWriter, r *http.Request) {
	digest := r.PathValue("digest")
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	sum := sha256.Sum256(raw)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != digest {
		answer(w, http.StatusBadRequest, map[string]any{"error": fmt.Sprintf("digest mismatch, expected %q, got %q", digest, got)})
		return
	}
	if err := os.WriteFile(s.blob(digest), raw, 0o600); err != nil {
		s.t.Error(err)
	}
	w.WriteHeader(http.StatusCreated)
}

type createRequest struct {
	Model      string            `json:"model"`
	From       string            `json:"from"`
	Files      map[string]string `json:"files"`
	Adapters   map[string]string `json:"adapters"`
	Quantize   string            `json:"quantize"`
	Template   string            `json:"template"`
	System     string            `json:"system"`
	Parameters map[string]any    `json:"parameters"`
	Stream     *bool             `json:"stream"`
}

// create answers with lines. Once the first is out, all that follows has the status 200.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var req createRequest
	if !s.read(w, r, &req) {
		return
	}
	if !namePattern.MatchString(req.Model) {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid model name"})
		return
	}
	s.judge(req)
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	line := func(v any) { _ = lines.Encode(v) } // a client that went away has its error
	line(map[string]any{"status": "parsing GGUF"})
	m, err := s.build(req, line)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.CreateFails != "" {
		err = errors.New(s.CreateFails)
	}
	if err != nil {
		line(map[string]any{"error": err.Error()})
		return
	}
	line(map[string]any{"status": "writing manifest"})
	s.models[full(req.Model)] = m
	line(map[string]any{"status": "success"})
}

// judge fails the test for what a real server takes and does wrongly.
func (s *Server) judge(req createRequest) {
	if _, there := s.find(req.From); req.From != "" && !there {
		s.t.Errorf("create from %s, which is not there: a real server pulls it from the internet", req.From)
	}
	if len(req.Adapters) > 0 {
		s.t.Error("create with adapters: DoRA kills a real server, q_proj and k_proj of LoRA are applied wrongly")
	}
	if req.Template == "" {
		s.t.Error("create without a template: a real server guesses one")
	}
	if stops, _ := req.Parameters["stop"].([]any); len(stops) == 0 {
		s.t.Error("create without stop words: answers do not end")
	}
	for name := range req.Parameters {
		if !slices.Contains([]string{"stop", "num_ctx", "temperature", "top_p", "top_k", "repeat_penalty", "seed", "num_predict"}, name) {
			s.t.Errorf("create with the parameter %s: a real server ignores what it does not know", name)
		}
	}
}

func (s *Server) build(req createRequest, line func(any)) (model, error) {
	m := model{template: req.Template, system: req.System, parameters: req.Parameters}
	for name, digest := range req.Files {
		if !strings.HasSuffix(name, ".gguf") {
			return m, errors.New("unknown type")
		}
		m.digest = digest
	}
	g, err := s.decode(m.digest)
	if err != nil {
		return m, err
	}
	fileType := g.KV().FileType()
	if fileType == ggml.FileTypeF32 {
		return m, errors.New("invalid file type: F32")
	}
	if req.Quantize != "" {
		if m.quantized, err = quantize(strings.ToUpper(req.Quantize), fileType); err != nil {
			return m, err
		}
		line(map[string]any{"status": "quantizing " + fileType.String() + " model to " + m.quantized, "total": 2, "completed": 1})
	}
	m.tmpl, err = template.Parse(req.Template)
	if err != nil {
		return m, fmt.Errorf("template error: %w", err)
	}
	return m, nil
}

func quantize(want string, have ggml.FileType) (string, error) {
	if _, err := ggml.ParseFileType(want); err != nil {
		return "", err
	}
	if have != ggml.FileTypeF16 {
		return "", errors.New("quantization is only supported for F16 and F32 models")
	}
	return want, nil
}
