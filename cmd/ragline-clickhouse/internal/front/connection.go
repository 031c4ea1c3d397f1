package front

import (
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// tagSetting marks a connection's statements for KILL QUERY, because the C interface has no query id.
const tagSetting = "log_comment"

const defaultDatabase = "default"

// lease is a connection for the time of one request.
type lease struct {
	*chdb.Conn
	tag string
}

// connect gives the request its connection, the session's or one of its own.
func (s *Server) connect(req *request, user string) (conn *lease, release func(), err error) {
	if req.sessionID == "" {
		conn, err = s.open(req, user)
		if err != nil {
			return nil, nil, err
		}
		release = conn.Close
	} else if conn, release, err = s.joinSession(req, user); err != nil {
		return nil, nil, err
	}
	if req.sessionID == "" && req.database == defaultDatabase {
		return conn, release, nil // where a new connection is
	}
	if err := useDatabase(conn.Conn, req.database); err != nil {
		release()
		return nil, nil, err
	}
	return conn, release, nil
}

// open connects with the request's settings first and the user's pinned ones after them: the last one holds.
func (s *Server) open(req *request, user string) (*lease, error) {
	// The library reads "x" as "SELECT x", which a server does not.
	settings := []chdb.Setting{{Name: "implicit_select", Value: "0"}}
	if s.cfg.MaxThreads > 0 {
		settings = append(settings, chdb.Setting{Name: "max_threads", Value: strconv.Itoa(s.cfg.MaxThreads)})
	}
	settings = append(settings, req.settings...)
	if user == userAnalyst {
		settings = append(settings, analystSettings()...)
	}
	tag := "ragline-" + uuid.NewString()
	conn, err := s.cfg.Library.Connect(s.cfg.DataDir, append(settings, chdb.Setting{Name: tagSetting, Value: tag}))
	if errors.Is(err, chdb.ErrConnect) {
		return nil, s.explain(req.settings)
	}
	if err != nil {
		return nil, err
	}
	return &lease{Conn: conn, tag: tag}, nil
}

// explain finds out what was wrong with the settings: connect gives no message, a statement does.
func (s *Server) explain(settings []chdb.Setting) error {
	if len(settings) > 0 {
		assignments := make([]string, len(settings))
		for i, set := range settings {
			assignments[i] = set.Name + " = " + quoteString(set.Value)
		}
		if _, err := s.ask("SELECT 1 SETTINGS " + strings.Join(assignments, ", ")); err != nil {
			return err
		}
	}
	return refuse(wire.CodeUnknownSetting, "UNKNOWN_SETTING", "The engine refused the request's settings")
}

func useDatabase(conn *chdb.Conn, name string) error {
	if name == "" {
		return nil
	}
	return execute(conn, "USE "+quoteName(name))
}

func execute(conn *chdb.Conn, sql string) error {
	res, err := conn.Query(sql, "Null", nil)
	if err != nil {
		return err
	}
	res.Close()
	return nil
}

func quoteString(s string) string { return quote(s, "'") }
func quoteName(s string) string   { return quote(s, "`") }

func quote(s, mark string) string {
	return mark + strings.NewReplacer(`\`, `\\`, mark, `\`+mark).Replace(s) + mark
}
