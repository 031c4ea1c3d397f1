package checkpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxGroup bounds how many jobs share one transaction, and so how long the first of them waits.
const maxGroup = 64

// job is one all-or-nothing change. Its error is its own; the others of its group go through.
type job struct {
	run   func(tx *sql.Tx) error
	reply chan error
}

// do hands a change to the writer and waits until it is on disk.
// Once taken, a change is not called off: the caller must learn what became of it.
func (s *SQLite) do(ctx context.Context, what string, run func(tx *sql.Tx) error) error {
	j := job{run: run, reply: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := <-j.reply; err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// write is the only writer. Changes that wait while a transaction is being synced share the next one: one fsync for all.
func (s *SQLite) write() {
	defer close(s.done)
	for {
		select {
		case <-s.stop:
			return
		case first := <-s.jobs:
			s.commit(s.drain([]job{first}))
		}
	}
}

func (s *SQLite) drain(group []job) []job {
	for len(group) < maxGroup {
		select {
		case j := <-s.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

func (s *SQLite) commit(group []job) {
	results := make([]error, len(group))
	err := s.inTx(func(tx *sql.Tx) error {
		for i, j := range group {
			var fatal error
			if results[i], fatal = savepoint(tx, j.run); fatal != nil {
				return fatal
			}
		}
		return nil
	})
	for i, j := range group {
		if err != nil {
			results[i] = err
		}
		j.reply <- results[i]
	}
}

func (s *SQLite) inTx(fn func(tx *sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing a transaction: %w", err)
	}
	return nil
}

// savepoint runs one job so that its failure undoes its own changes only. The second error spoils the whole transaction.
func savepoint(tx *sql.Tx, run func(*sql.Tx) error) (result, fatal error) {
	if _, err := tx.Exec("SAVEPOINT job"); err != nil {
		return nil, err
	}
	if result = run(tx); result != nil {
		if _, err := tx.Exec("ROLLBACK TO job"); err != nil {
			return nil, errors.Join(result, err)
		}
	}
	_, err := tx.Exec("RELEASE job")
	return result, err
}
