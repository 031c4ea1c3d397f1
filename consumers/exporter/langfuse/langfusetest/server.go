package langfusetest

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/ragline/ragline/consumers/exporter/trace/tracetest"
)

// PublicKey and SecretKey are what the server accepts.
const (
	PublicKey = "pk-test"
	SecretKey = "sk-test"
)

// Row is an observation, one for each time that it was sent.
type Row struct {
	TraceID, SpanID, ParentID, Name, Type, Level string
	Start, End                                   time.Time
	Attributes                                   map[string]any
	Usage                                        map[string]int64
	// CostPicoUSD is what LangFuse would bill for the row.
	CostPicoUSD int64
}

// Server is one project of one LangFuse. It ends with its test.
type Server struct {
	tracetest.Faults

	t       testing.TB
	http    *httptest.Server
	version string

	mu       sync.Mutex
	hidden   int // questions for which nothing is shown yet
	rows     []Row
	scores   map[scoreKey]Score
	written  []Score
	entities map[string]Entity
	exports  []*coltracepb.ExportTraceServiceRequest
	bodies   []json.RawMessage
	bad      func(Row) bool
	gate     func()

	questions, throttled int
}

// New starts a server of a version, for example "4.16.0".
func New(t testing.TB, version string) *Server {
	s := &Server{t: t, version: version, scores: map[scoreKey]Score{}, entities: map[string]Entity{}}
	s.http = httptest.NewServer(s.Before(s.routes()))
	t.Cleanup(s.http.Close)
	return s
}

// URL is the base URL.
func (s *Server) URL() string { return s.http.URL }

// Refuse answers 400 to every export with such a row, and stores nothing of it.
func (s *Server) Refuse(bad func(Row) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = bad
}

// Hide answers the next questions as if nothing had arrived.
func (s *Server) Hide(questions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = questions
}

// Throttle answers 429 to the n-th question, counted from 1 since the start.
func (s *Server) Throttle(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttled = n
}

// Questions counts the questions that came.
func (s *Server) Questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.questions
}

// Lose forgets a span, as a server does whose write failed after its 200.
func (s *Server) Lose(spanID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = slices.DeleteFunc(s.rows, func(r Row) bool { return r.SpanID == spanID })
	delete(s.entities, spanID)
}

// OnStored calls f after an export was stored and before it is answered.
func (s *Server) OnStored(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = f
}

// Rows returns every copy of every observation, in the order of arrival.
func (s *Server) Rows() []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Row(nil), s.rows...)
}

// Exports returns the OTLP requests that were stored, and Bodies the others, scores and batches.
func (s *Server) Exports() []*coltracepb.ExportTraceServiceRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*coltracepb.ExportTraceServiceRequest(nil), s.exports...)
}

// Bodies returns the JSON that was stored.
func (s *Server) Bodies() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]json.RawMessage(nil), s.bodies...)
}

func (s *Server) generation() byte { return s.version[0] }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/public/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "OK", "version": s.version})
	})
	guarded := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			user, password, ok := r.BasicAuth()
			if !ok || user != PublicKey || password != SecretKey {
				answer(w, http.StatusUnauthorized, map[string]string{"message": "Invalid credentials. Confirm that you've configured the correct host."})
				return
			}
			h(w, r)
		})
	}
	guarded("GET /api/public/projects", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"data": []any{map[string]string{"id": "project", "name": "test"}}})
	})
	guarded("POST /api/public/scores", s.postScore)
	guarded("POST /api/public/ingestion", s.postBatch)
	if s.generation() > '2' {
		guarded("POST /api/public/otel/v1/traces", s.postTraces)
	}
	if s.generation() < '4' {
		guarded("GET /api/public/observations", s.countObservations)
	}
	if s.generation() > '3' {
		guarded("GET /api/public/v2/observations", s.getObservations)
		guarded("GET /api/public/v3/scores", s.getScores)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNotFound, map[string]string{"message": r.URL.Path + " is not found"})
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
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			s.t.Errorf("opening gzip: %v", err)
			return nil
		}
		reader = unpacked
	}
	data, err := io.ReadAll(reader)
	if err != nil && r.Context().Err() == nil {
		s.t.Errorf("reading request: %v", err)
	}
	return data
}
