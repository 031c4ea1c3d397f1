package checkpoint

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"modernc.org/sqlite"
)

// SQLite is a store in one file: WAL, an exclusive lock, one connection.
type SQLite struct {
	sqlStore
	conn *session
	free chan struct{} // holds a token while somebody has conn
	stop chan struct{}
	once sync.Once
	err  error

	mu      sync.Mutex // of waiting
	waiting []*job
}

// Synchronous says when SQLite waits for the disk.
type Synchronous string

const (
	// SynchronousFull loses nothing that was acknowledged.
	SynchronousFull Synchronous = "FULL"
	// SynchronousNormal loses the newest transactions when the machine fails, not when the process does.
	SynchronousNormal Synchronous = "NORMAL"
)

// OpenSQLite opens or creates the store at path. It fails when another process has it open.
func OpenSQLite(ctx context.Context, path string) (*SQLite, error) {
	return OpenSQLiteSynchronous(ctx, path, SynchronousFull)
}

// OpenSQLiteSynchronous is OpenSQLite with another durability.
func OpenSQLiteSynchronous(ctx context.Context, path string, level Synchronous) (*SQLite, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &SQLite{free: make(chan struct{}, 1), stop: make(chan struct{})}
	if err := s.open(path, level); err != nil {
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	s.sqlStore.db = s
	return s, nil
}

// open takes the file. There is one connection, because the exclusive lock belongs to one: another would wait for it for ever.
func (s *SQLite) open(path string, level Synchronous) error {
	d := &sqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction("json_contains", 2, contained); err != nil {
		return err
	}
	q := url.Values{"_pragma": {
		"locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(" + string(level) + ")", "busy_timeout(2000)",
	}}
	conn, err := d.Open((&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String())
	if err != nil {
		return err
	}
	s.conn = &session{conn: conn, stmts: map[string]statement{}}
	if err := migrate(s.conn); err != nil {
		return errors.Join(err, s.conn.close())
	}
	return nil
}

// contained is containsJSON for SQLite.
func contained(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	document, _ := args[0].(string)
	wanted, _ := args[1].(string)
	return containsJSON([]byte(document), []byte(wanted))
}

// Shared is false: the file belongs to one process.
func (*SQLite) Shared() bool { return false }

// Close waits for what is under way and closes the file. It may be called twice.
func (s *SQLite) Close() error {
	s.once.Do(func() {
		close(s.stop)
		s.free <- struct{}{} // for ever
		s.err = s.conn.close()
	})
	return s.err
}

func (s *SQLite) read(ctx context.Context, what string, fn func(tx) error) error {
	select {
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case s.free <- struct{}{}:
	}
	err := fn(s.conn)
	<-s.free
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	return nil
}
