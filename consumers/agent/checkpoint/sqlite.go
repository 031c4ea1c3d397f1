package checkpoint

import (
	"context"
	"database/sql"
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
	db   *sql.DB
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
	s := &SQLite{free: make(chan struct{}, 1), stop: make(chan struct{})}
	if err := s.open(ctx, path, level); err != nil {
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	s.sqlStore.db = s
	return s, nil
}

func (s *SQLite) open(ctx context.Context, path string, level Synchronous) error {
	c, err := connect(path, level)
	if err != nil {
		return err
	}
	s.db = sql.OpenDB(c)
	// The exclusive lock belongs to a connection: a second one would wait for the first for ever.
	s.db.SetMaxOpenConns(1)
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return errors.Join(err, s.db.Close())
	}
	if err := migrate(ctx, conn); err != nil {
		return errors.Join(err, conn.Close(), s.db.Close())
	}
	s.conn = &session{conn: conn, stmts: map[string]*sql.Stmt{}}
	return nil
}

// connector opens connections that know contains.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func connect(path string, level Synchronous) (connector, error) {
	q := url.Values{"_pragma": {
		"locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(" + string(level) + ")", "busy_timeout(2000)",
	}}
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String()
	d := &sqlite.Driver{}
	err := d.RegisterDeterministicScalarFunction("json_contains", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		document, _ := args[0].(string)
		wanted, _ := args[1].(string)
		return containsJSON([]byte(document), []byte(wanted))
	})
	return connector{d, dsn}, err
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// Shared is false: the file belongs to one process.
func (*SQLite) Shared() bool { return false }

// Close waits for what is under way and closes the file. It may be called twice.
func (s *SQLite) Close() error {
	s.once.Do(func() {
		close(s.stop)
		s.free <- struct{}{} // for ever
		s.err = errors.Join(s.conn.close(), s.db.Close())
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
