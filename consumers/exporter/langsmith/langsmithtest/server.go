package langsmithtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
)

// APIKey is what the server accepts.
const APIKey = "lsv2_test"

// Run is a run with its parts.
type Run struct {
	ID          string `json:"id"`
	TraceID     string `json:"trace_id"`
	ParentRunID string `json:"parent_run_id"`
	DottedOrder string `json:"dotted_order"`
	Name        string `json:"name"`
	RunType     string `json:"run_type"`
	StartTime   string `json:"start_time"`
	EndTime     string `json:"end_time"`
	SessionName string `json:"session_name"`

	Parts map[string]json.RawMessage `json:"-"`
}

// Feedback is a feedback as it was sent.
type Feedback struct {
	ID      string   `json:"id"`
	RunID   string   `json:"run_id"`
	TraceID string   `json:"trace_id"`
	Key     string   `json:"key"`
	Score   *float64 `json:"score"`
	Value   any      `json:"value"`
}

// Server is a workspace. It ends with its test.
type Server struct {
	tracetest.Faults

	t    testing.TB
	http *httptest.Server

	mu           sync.Mutex
	runs         []Run
	feedback     map[string]Feedback
	exports      []*coltracepb.ExportTraceServiceRequest
	requests     []map[string]json.RawMessage
	bad          func(Run) bool
	gate         func()
	noMultipart  bool
	refusedTwice int
}

// New starts a server.
func New(t testing.TB) *Server {
	s := &Server{t: t, feedback: map[string]Feedback{}}
	s.http = httptest.NewServer(s.Before(s.routes(), "/runs/query"))
	t.Cleanup(s.http.Close)
	return s
}

// URL is the base URL.
func (s *Server) URL() string { return s.http.URL }

// Refuse answers 422 to every request with such a run, and stores nothing of it.
func (s *Server) Refuse(bad func(Run) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = bad
}

// WithoutMultipart makes the server an old one.
func (s *Server) WithoutMultipart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noMultipart = true
}

// OnStored calls f after a request was stored and before it is answered.
func (s *Server) OnStored(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = f
}

// Runs returns the runs in the order of arrival.
func (s *Server) Runs() []Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.runs)
}

// Feedback returns the feedback by its id.
func (s *Server) Feedback() map[string]Feedback {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Feedback{}
	for id, f := range s.feedback {
		all[id] = f
	}
	return all
}

// Requests returns the parts of each request that was stored, by name.
func (s *Server) Requests() []map[string]json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Exports returns what came by OTLP.
func (s *Server) Exports() []*coltracepb.ExportTraceServiceRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.exports)
}

// Conflicts counts the requests that were refused because of a run that is known.
func (s *Server) Conflicts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusedTwice
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"version": "0.11.0", "batch_ingest_config": map[string]int{"size_limit": maxRuns, "size_limit_bytes": maxBytes}})
	})
	guarded := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Api-Key") != APIKey {
				answer(w, http.StatusForbidden, map[string]string{"detail": "Forbidden"})
				return
			}
			h(w, r)
		})
	}
	guarded("POST /runs/multipart", s.postMultipart)
	guarded("POST /runs/query", s.query)
	guarded("POST /runs/stats", s.stats)
	guarded("GET /sessions", s.sessions)
	guarded("POST /otel/v1/traces", s.postOTLP)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// body reads a request, unpacked.
func (s *Server) body(r *http.Request) []byte {
	reader := io.Reader(r.Body)
	var err error
	switch r.Header.Get("Content-Encoding") {
	case "gzip":
		reader, err = gzip.NewReader(r.Body)
	case "zstd":
		var unpacked *zstd.Decoder
		if unpacked, err = zstd.NewReader(r.Body, zstd.WithDecoderConcurrency(1)); err == nil {
			defer unpacked.Close()
			reader = unpacked
		}
	}
	if err != nil {
		s.t.Errorf("unpacking request: %v", err)
		return nil
	}
	data, err := io.ReadAll(reader)
	if err != nil && r.Context().Err() == nil {
		s.t.Errorf("reading request: %v", err)
	}
	return data
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID []string `json:"id"`
	}
	if err := json.Unmarshal(s.body(r), &q); err != nil || len(q.ID) == 0 || len(q.ID) > maxRuns {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"detail": "1 to 100 ids"})
		return
	}
	found := []any{}
	for _, run := range s.Runs() {
		if slices.Contains(q.ID, run.ID) {
			found = append(found, map[string]string{"id": run.ID})
		}
	}
	answer(w, http.StatusOK, map[string]any{"runs": found, "cursors": map[string]any{}})
}

func (s *Server) postOTLP(w http.ResponseWriter, r *http.Request) {
	request := &coltracepb.ExportTraceServiceRequest{}
	if r.Header.Get("Langsmith-Project") == "" {
		s.t.Error("no Langsmith-Project")
	}
	if err := proto.Unmarshal(s.body(r), request); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"detail": "not OTLP"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exports = append(s.exports, request)
	answer(w, http.StatusOK, map[string]any{})
}
