package ollamatest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/fs/ggml"
	"github.com/ollama/ollama/template"
)

// Server is the fake.
type Server struct {
	*httptest.Server
	// Fail, if set, is asked before each request. A status above 0 is the answer.
	Fail func(r *http.Request) (status int, text string)
	// CreateFails, if set, is the error line that the next creates end with, after progress and under status 200.
	CreateFails string
	// Answer is what every model says. Empty: it says nothing at all.
	Answer string
	// Reply, if set, says what a model answers to a conversation.
	Reply func(model string, messages []api.Message) string
	// Corrupt, if set, changes every rendered prompt.
	Corrupt func(string) string

	t      testing.TB
	dir    string
	mu     sync.Mutex
	models map[string]model
	calls  []string
}

// model is what a manifest holds.
type model struct {
	digest     string
	template   string
	system     string
	parameters map[string]any
	tmpl       *template.Template
	quantized  string
}

// New starts a fake. It ends with its test.
func New(t testing.TB) *Server {
	s := &Server{t: t, dir: t.TempDir(), models: map[string]model{}, Answer: "It is so."}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"version": "0.17.4"}) })
	mux.HandleFunc("GET /api/tags", s.tags)
	mux.HandleFunc("HEAD /api/blobs/{digest}", s.headBlob)
	mux.HandleFunc("POST /api/blobs/{digest}", s.postBlob)
	mux.HandleFunc("POST /api/create", s.create)
	mux.HandleFunc("POST /api/show", s.show)
	mux.HandleFunc("POST /api/chat", s.chat)
	mux.HandleFunc("POST /api/generate", s.generate)
	mux.HandleFunc("POST /api/copy", s.copyModel)
	mux.HandleFunc("DELETE /api/delete", s.delete)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, r.Method+" "+r.URL.Path)
		fail := s.Fail
		s.mu.Unlock()
		if fail != nil {
			if status, text := fail(r); status > 0 {
				answer(w, status, map[string]any{"error": text})
				return
			}
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// Names lists what is registered.
func (s *Server) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	for name := range s.models {
		names = append(names, name)
	}
	return names
}

// Register makes models that are there without having been created.
func (s *Server) Register(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.models[full(name)] = model{}
	}
}

// Calls counts the requests that begin with a text, such as "POST /api/blobs".
func (s *Server) Calls(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][\w.-]{0,79}(:[A-Za-z0-9_][\w.-]{0,79})?$`)

// full adds the tag that Ollama adds.
func full(name string) string {
	if !strings.Contains(name, ":") {
		return name + ":latest"
	}
	return name
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away has its error
}

// read decodes a request. A field that Ollama would silently ignore fails the test.
func (s *Server) read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		s.t.Errorf("%s: %v", r.URL.Path, err)
		answer(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return false
	}
	return true
}

func (s *Server) find(name string) (model, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.models[full(name)]
	return m, ok
}

func (s *Server) blob(digest string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(digest, ":", "-"))
}

func (s *Server) decode(digest string) (*ggml.GGML, error) {
	f, err := os.Open(s.blob(digest))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ggml.Decode(f, -1)
}
