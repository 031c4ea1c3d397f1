package front

import (
	"sync"
	"time"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// maxSessions bounds what forgotten sessions can hold.
const maxSessions = 1000

// session keeps a connection between requests: temporary tables, SET and USE last as long as it.
type session struct {
	conn     *lease // nil while the first request is opening it
	settings map[string]string
	busy     bool
	expiry   *time.Timer // runs while the session is idle
}

type sessions struct {
	mu     sync.Mutex
	byKey  map[string]*session
	closed bool
}

func newSessions() *sessions { return &sessions{byKey: make(map[string]*session)} }

// take gives the session to one request; isNew asks the caller to open its connection.
func (ss *sessions) take(key, id string, mustExist bool) (s *session, isNew bool, err error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s, ok := ss.byKey[key]
	switch {
	case ok && s.busy:
		return nil, false, refuse(wire.CodeSessionLocked, "SESSION_IS_LOCKED", "Session %s is locked by a concurrent client", id)
	case ok:
		s.expiry.Stop()
		s.busy = true
		return s, false, nil
	case mustExist:
		return nil, false, refuse(wire.CodeSessionNotFound, "SESSION_NOT_FOUND", "Session %s not found", id)
	case ss.closed || len(ss.byKey) >= maxSessions:
		return nil, false, refuse(wire.CodeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions. Maximum: %d", maxSessions)
	}
	s = &session{busy: true, settings: make(map[string]string)}
	ss.byKey[key] = s
	return s, true, nil
}

// giveBack lets the next request in, or ends the session after its time.
func (ss *sessions) giveBack(key string, s *session, timeout time.Duration) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.busy = false
	if ss.closed {
		ss.drop(key, s)
		return
	}
	s.expiry = time.AfterFunc(timeout, func() { ss.expire(key, s) })
}

func (ss *sessions) expire(key string, s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	// The timer may have fired just before a request took the session.
	if !s.busy && ss.byKey[key] == s {
		ss.drop(key, s)
	}
}

// drop needs the lock.
func (ss *sessions) drop(key string, s *session) {
	delete(ss.byKey, key)
	if s.conn != nil {
		s.conn.Close()
	}
}

// forget removes a session whose connection never opened.
func (ss *sessions) forget(key string, s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.drop(key, s)
}

// close ends the idle sessions; busy ones end when they are given back.
func (ss *sessions) close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.closed = true
	for key, s := range ss.byKey {
		if !s.busy {
			s.expiry.Stop()
			ss.drop(key, s)
		}
	}
}

// joinSession opens or continues the request's session. A user sees only their own.
func (s *Server) joinSession(req *request, user string) (*lease, func(), error) {
	key := user + "\x00" + req.sessionID
	sess, isNew, err := s.sessions.take(key, req.sessionID, req.sessionCheck)
	if err != nil {
		return nil, nil, err
	}
	if isNew {
		if sess.conn, err = s.open(req, user); err != nil {
			s.sessions.forget(key, sess)
			return nil, nil, err
		}
		sess.note(req.settings)
	}
	release := func() { s.sessions.giveBack(key, sess, req.sessionTimeout) }
	if err := sess.apply(req.settings); err != nil {
		release()
		return nil, nil, err
	}
	return sess.conn, release, nil
}

func (s *session) note(settings []chdb.Setting) {
	for _, set := range settings {
		s.settings[set.Name] = set.Value
	}
}

// apply sets what differs from before; for the analyst the engine refuses it, readonly=1 being in force.
func (s *session) apply(settings []chdb.Setting) error {
	for _, set := range settings {
		if value, ok := s.settings[set.Name]; ok && value == set.Value {
			continue
		}
		if err := execute(s.conn.Conn, "SET "+set.Name+" = "+quoteString(set.Value)); err != nil {
			return err
		}
		s.settings[set.Name] = set.Value
	}
	return nil
}
