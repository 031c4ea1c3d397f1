package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ragline/ragline/producers/httpd"
	"github.com/ragline/ragline/producers/mask"
)

// Deps is what a server works with.
type Deps struct {
	Graphs  []Graph
	Backend Backend
	// Settings are those of langgraph.json; they may be zero.
	Settings Settings
	// Masker masks what clients write into a thread before anything of it is stored. Nil masks nothing.
	Masker *mask.Masker
	Logger *slog.Logger
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Server serves the LangGraph server API.
type Server struct {
	cfg        Config
	backend    Backend
	assistants *assistants
	masker     *mask.Masker
	logger     *slog.Logger
	now        func() time.Time
	keys       httpd.Keys
	origins    origins
	handler    http.Handler

	stopping chan struct{} // closed when Run ends, so that streams end, too
	listener struct {
		sync.Mutex
		net.Listener
	}
}

// New checks the configuration and builds the server. Run listens; ServeHTTP serves without listening.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Backend == nil || deps.Logger == nil || len(deps.Graphs) == 0 {
		return nil, errors.New("building the agent's server: Deps.Backend, Deps.Logger and at least one of Deps.Graphs are required")
	}
	s := &Server{cfg: cfg, backend: deps.Backend, masker: deps.Masker, logger: deps.Logger, now: deps.Now, keys: httpd.HashKeys(cfg.APIKeys), stopping: make(chan struct{})}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.origins, err = trusted(cfg, deps.Settings); err != nil {
		return nil, err
	}
	if s.assistants, err = newAssistants(deps.Graphs, s.now()); err != nil {
		return nil, err
	}
	s.handler = identify(s.cors(s.admit(http.HandlerFunc(s.route().ServeHTTP))))
	return s, nil
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// trusted joins the origins of the configuration and of langgraph.json, whose "*" needs keys: without them any page could drive the agent.
func trusted(cfg Config, settings Settings) (origins, error) {
	o := origins{list: map[string]bool{}}
	for _, origin := range cfg.Origins {
		o.list[origin] = true
	}
	for _, origin := range settings.Origins {
		if origin == "*" {
			if len(cfg.APIKeys) == 0 {
				return o, errors.New(`langgraph.json: http.cors.allow_origins "*" lets every page drive the agent: name the origins, or set RAGLINE_AGENT_API_KEYS`)
			}
			o.all = true
			continue
		}
		if err := checkOrigin(origin); err != nil {
			return o, fmt.Errorf("langgraph.json: http.cors.allow_origins: %w", err)
		}
		o.list[origin] = true
	}
	return o, nil
}

// answerTimeout ends an answer whose reader does not read. Streams move it with each write.
const answerTimeout = 10 * time.Minute

// endpoint answers a request, or says what is wrong with it before the first byte is out.
type endpoint func(w http.ResponseWriter, r *http.Request) error

func (s *Server) serve(h endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, s.cfg.MaxBody)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout)) // not every writer can
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p, own := problemOf(err)
		if own {
			s.logger.Error("answering a request", "method", r.Method, "path", r.URL.Path, "request_id", w.Header().Get(requestIDHeader), "error", err)
		}
		p.write(w)
	})
}
