package mcp

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ragline/ragline/consumers/agent/tool"
)

const (
	firstPause = 500 * time.Millisecond
	maxPause   = time.Minute
)

// server is one server with what it has listed.
type server struct {
	name   string
	cfg    serverConfig
	logger *slog.Logger
	pause  func(ctx context.Context, failures int)

	changed chan struct{} // the server has announced another list

	draining sync.WaitGroup // lines whose last calls are under way

	mu       sync.Mutex
	line     *line // nil while the server is away
	tools    []tool.Tool
	why      string // it is away
	progress map[string]func(tool.Progress)
}

func newServer(name string, cfg serverConfig, logger *slog.Logger) *server {
	return &server{
		name: name, cfg: cfg, logger: logger.With("mcp_server", name), pause: pause, why: "it has not been started yet",
		changed: make(chan struct{}, 1), progress: map[string]func(tool.Progress){},
	}
}

// pause grows with the failures in a row.
func pause(ctx context.Context, failures int) {
	d := min(firstPause<<min(failures-1, 10), maxPause)
	t := time.NewTimer(d/2 + rand.N(d/2+1))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// run starts the server again and again until ctx ends.
func (s *server) run(ctx context.Context, tried func()) {
	defer tried()
	defer s.draining.Wait()
	for failures := 0; ctx.Err() == nil; {
		up, err := s.serve(ctx, tried)
		if ctx.Err() != nil {
			return
		}
		if up {
			failures = 0
		}
		failures++
		s.away(err)
		if failures == 1 || up {
			s.logger.Warn("MCP server is away: its tools fail until it is back; it is tried again", "error", err, "how", s.how())
		}
		tried()
		s.pause(ctx, failures)
	}
}

// how says where to look when the server does not come up.
func (s *server) how() string {
	if s.cfg.Command != "" {
		return "run its command by hand, or set disabled in RAGLINE_MCP_CONFIG: " + s.cfg.Command
	}
	return "check its url and headers, or set disabled in RAGLINE_MCP_CONFIG: " + s.cfg.URL
}

func (s *server) away(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.why = nil, err.Error()
}

// serve connects and follows the list of tools until the connection ends. Up means that the server had listed its tools.
func (s *server) serve(ctx context.Context, listed func()) (up bool, err error) {
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	transport, said := s.transport()
	client := sdk.NewClient(&sdk.Implementation{Name: "ragline", Version: "1"}, &sdk.ClientOptions{
		Capabilities:                &sdk.ClientCapabilities{}, // no roots, no sampling: a server gets nothing but calls
		ToolListChangedHandler:      func(context.Context, *sdk.ToolListChangedRequest) { s.announce() },
		ProgressNotificationHandler: s.onProgress,
	})
	session, err := client.Connect(start, transport, nil)
	if err != nil {
		return false, fmt.Errorf("connecting: %w%s", err, said())
	}
	l := newLine(session)
	defer s.hangUp(l)
	if err := s.list(start, session); err != nil {
		return false, fmt.Errorf("listing tools: %w%s", err, said())
	}
	s.mu.Lock()
	s.line = l
	s.mu.Unlock()
	listed()
	return true, s.follow(ctx, l, said)
}

// follow returns why the connection is of no use any more.
func (s *server) follow(ctx context.Context, l *line, said func() string) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.ended:
			return fmt.Errorf("%w%s", l.err, said())
		case <-l.suspected:
			if err := l.ping(ctx); err != nil {
				return fmt.Errorf("asking whether it is still there: %w%s", err, said())
			}
		case <-s.changed:
			if err := s.list(ctx, l.session); err != nil {
				return fmt.Errorf("listing tools: %w%s", err, said())
			}
		}
	}
}

func (s *server) announce() {
	select {
	case s.changed <- struct{}{}:
	default: // a list that is still to be read will be new enough
	}
}

func (s *server) list(ctx context.Context, session *sdk.ClientSession) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var tools []tool.Tool
	names := map[string]bool{}
	if caps := session.InitializeResult().Capabilities; caps != nil && caps.Tools != nil {
		for t, err := range session.Tools(ctx, nil) {
			if err != nil {
				return err
			}
			if s.cfg.Tools[t.Name].Disabled {
				continue
			}
			wrapped, err := s.wrap(t)
			if err != nil {
				return err
			}
			if names[wrapped.Name] {
				s.logger.Warn("MCP server has two tools whose names look the same here: the second one is left out", "tool", t.Name)
				continue
			}
			names[wrapped.Name] = true
			tools = append(tools, wrapped)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tools = tools
	return nil
}

func (s *server) listed() []tool.Tool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tools
}
