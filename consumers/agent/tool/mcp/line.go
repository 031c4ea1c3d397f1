package mcp

import (
	"context"
	"errors"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ragline/ragline/consumers/agent/tool"
)

// line is one connection to a server.
type line struct {
	session   *sdk.ClientSession
	suspected chan struct{}
	ended     chan struct{}
	err       error // why, once it has ended
}

func newLine(session *sdk.ClientSession) *line {
	l := &line{session: session, suspected: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		if l.err = session.Wait(); l.err == nil {
			l.err = errors.New("it closed the connection")
		}
	}()
	return l
}

// suspect has it found out whether the connection is broken. One call that was lost does not say so.
func (l *line) suspect() {
	select {
	case l.suspected <- struct{}{}:
	default:
	}
}

func (l *line) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return l.session.Ping(ctx, nil)
}

// connected returns the connection, or why there is none.
func (s *server) connected() (*line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == nil {
		return nil, fmt.Errorf("%w: MCP server %s is away and is tried again: %s", tool.ErrFailed, s.name, s.why)
	}
	return s.line, nil
}

// hangUp takes the connection out of use. It closes when the calls that are under way are done.
func (s *server) hangUp(l *line) {
	s.mu.Lock()
	s.line = nil
	s.mu.Unlock()
	s.draining.Go(func() {
		_ = l.session.Close() // it waits for the calls; the connection may be gone already
		<-l.ended
	})
}
