package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

// maxGroup bounds how many jobs share one transaction, and so how long the first of them waits.
const maxGroup = 64

// job is one all-or-nothing change. Its error is its own; the others of its group go through.
type job struct {
	run   func(tx) error
	reply chan error
}

// change hands a change to the writer and waits until it is on disk.
// Once taken, a change is not called off: the caller must learn what became of it.
func (s *SQLite) change(ctx context.Context, what string, run func(tx) error) error {
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
	s.mu.Lock()
	results := make([]error, len(group))
	err := s.inTx(func() error {
		if len(group) == 1 { // the transaction undoes it
			return group[0].run(s.conn)
		}
		for i, j := range group {
			var fatal error
			if results[i], fatal = s.savepoint(j.run); fatal != nil {
				return fatal
			}
		}
		return nil
	})
	s.mu.Unlock()
	for i, j := range group {
		if err != nil {
			results[i] = err
		}
		j.reply <- results[i]
	}
}

func (s *SQLite) inTx(fn func() error) error {
	if err := s.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	err := fn()
	if err == nil {
		if err = s.conn.exec("COMMIT"); err == nil {
			return nil
		}
		err = fmt.Errorf("committing a transaction: %w", err)
	}
	_ = s.conn.exec("ROLLBACK") // SQLite may have rolled back itself, and refuses it then
	return err
}

// savepoint runs one job so that its failure undoes its own changes only. The second error spoils the whole transaction.
func (s *SQLite) savepoint(run func(tx) error) (result, fatal error) {
	if err := s.conn.exec("SAVEPOINT job"); err != nil {
		return nil, err
	}
	if result = run(s.conn); result != nil {
		if err := s.conn.exec("ROLLBACK TO job"); err != nil {
			return nil, errors.Join(result, err)
		}
	}
	return result, s.conn.exec("RELEASE job")
}
