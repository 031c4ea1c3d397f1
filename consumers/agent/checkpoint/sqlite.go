package checkpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// SQLite is a store in one file: WAL, synchronous FULL, an exclusive lock, one connection.
type SQLite struct {
	db   *sql.DB
	jobs chan job
	stop chan struct{}
	once sync.Once
	done chan struct{}
	err  error
}

// OpenSQLite opens or creates the store at path. It fails when another process has it open.
func OpenSQLite(ctx context.Context, path string) (*SQLite, error) {
	q := url.Values{"_pragma": {
		"locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(2000)",
	}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	// The exclusive lock belongs to a connection: a second one would wait for the first for ever.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if err := migrate(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("opening store %s: %w", path, err), db.Close())
	}
	s := &SQLite{db: db, jobs: make(chan job), stop: make(chan struct{}), done: make(chan struct{})}
	go s.write()
	return s, nil
}

// Close waits for the transaction under way and closes the file. It may be called twice.
func (s *SQLite) Close() error {
	s.once.Do(func() {
		close(s.stop)
		<-s.done
		s.err = s.db.Close()
	})
	return s.err
}

func (s *SQLite) reading(err error, what string) error {
	select {
	case <-s.stop:
		return ErrClosed
	default:
	}
	return fmt.Errorf("reading %s: %w", what, err)
}
