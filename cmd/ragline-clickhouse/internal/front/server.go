package front

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// displayName is what clients show as the server's name.
const displayName = "ragline"

// Server is the HTTP handler. Close it after the HTTP server.
type Server struct {
	cfg      Config
	users    users
	sessions *sessions
	slots    chan struct{}
	settings map[string]bool
	hello    wire.Hello

	// master keeps the engine alive between requests and carries the KILLs.
	masterMu sync.Mutex
	master   *chdb.Conn
	killer   *killer
}

// New opens the data directory.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.MaxQueries == 0 {
		cfg.MaxQueries = defaultMaxQueries
	}
	s := &Server{cfg: cfg, users: newUsers(&cfg), sessions: newSessions(), slots: make(chan struct{}, cfg.MaxQueries)}
	master, err := cfg.Library.Connect(cfg.DataDir, s.serverSettings())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", cfg.DataDir, err)
	}
	s.master = master
	if err := s.learn(); err != nil {
		master.Close()
		return nil, err
	}
	s.killer = newKiller(s.kill)
	return s, nil
}

// Close ends the sessions and the engine.
func (s *Server) Close() {
	s.killer.close()
	s.sessions.close()
	s.masterMu.Lock()
	defer s.masterMu.Unlock()
	s.master.Close()
}

func (s *Server) serverSettings() []chdb.Setting {
	// One thread is enough for a KILL, and is had sooner when the cores are busy.
	settings := []chdb.Setting{{Name: "max_threads", Value: "1"}}
	if s.cfg.MaxMemory > 0 {
		settings = append(settings, chdb.Setting{Name: "max_server_memory_usage", Value: strconv.FormatUint(s.cfg.MaxMemory, 10)})
	}
	return settings
}

// learn asks the engine once for what never changes.
func (s *Server) learn() error {
	names, err := s.ask("SELECT name FROM system.settings")
	if err != nil {
		return fmt.Errorf("reading the names of the settings: %w", err)
	}
	s.settings = make(map[string]bool)
	for name := range strings.Lines(names) {
		s.settings[strings.TrimSpace(name)] = true
	}
	about, err := s.ask("SELECT version(), timezone()")
	if err != nil {
		return fmt.Errorf("reading version and time zone: %w", err)
	}
	version, timezone, _ := strings.Cut(strings.TrimSpace(about), "\t")
	s.hello = wire.Hello{Name: displayName, Version: version, Timezone: timezone}
	return nil
}

// ask runs a statement of ours on the master connection.
func (s *Server) ask(sql string) (string, error) {
	s.masterMu.Lock()
	defer s.masterMu.Unlock()
	res, err := s.master.Query(sql, "TabSeparatedRaw", nil)
	if err != nil {
		return "", err
	}
	defer res.Close()
	return string(res.Bytes()), nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-ClickHouse-Server-Display-Name", displayName)
	switch {
	case !localHost(r):
		http.Error(w, "this server answers to loopback names only", http.StatusForbidden)
	case r.URL.Path == "/ping", r.URL.Path == "/replicas_status":
		_, _ = io.WriteString(w, "Ok.\n")
	case r.URL.Path != "/":
		http.NotFound(w, r)
	case r.Method == http.MethodGet && r.URL.RawQuery == "":
		_, _ = io.WriteString(w, "Ok.\n") // as a server answers who only knocks
	default:
		s.serveQuery(w, r)
	}
}

func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	user, err := s.users.login(r)
	if err != nil {
		writeFailure(w, err)
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		writeFailure(w, refuse(wire.CodeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES",
			"Too many simultaneous queries. Maximum: %d", s.cfg.MaxQueries))
		return
	}
	req, err := parseRequest(r, s.settings)
	if err == nil {
		w.Header().Set("X-ClickHouse-Query-Id", req.queryID)
		w.Header().Set("X-ClickHouse-Timezone", s.hello.Timezone)
		err = s.run(w, r, req, user)
	}
	if err != nil && !errors.Is(err, errResponded) {
		drainBody(w, r)
		writeFailure(w, err)
	}
}

// run reads the statement, opens a connection and executes. It returns an error only while nothing has been sent.
func (s *Server) run(w http.ResponseWriter, r *http.Request, req *request, user string) error {
	body, err := openBody(r, req)
	if err != nil {
		return err
	}
	defer body.Close()
	stmt, err := readStatement(req, body)
	if err != nil {
		return err
	}
	out := newResponse(w, req)
	if req.clientRevision > 0 && stmt.text == wire.HelloQuery {
		return out.hello(s.hello, req.clientRevision)
	}
	if user == userAnalyst {
		if err := checkAnalyst(req, stmt); err != nil {
			return err
		}
	}
	conn, release, err := s.connect(req, user)
	if err != nil {
		return err
	}
	defer release()
	if err := check(conn.Conn, stmt, req, user); err != nil {
		return err
	}
	if stmt.Insert != nil {
		return s.insert(w, conn.Conn, stmt, req, body)
	}
	defer s.killer.watch(r.Context(), conn.tag)()
	if req.mayStream() && stmt.Streams(stmt.outputFormat(req)) {
		return s.stream(out, conn.Conn, stmt, req)
	}
	return s.materialise(out, conn.Conn, stmt, req)
}
