package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxGroup bounds how many jobs share one transaction, and so how long the first of them waits.
const maxGroup = 64

// job is one all-or-nothing change. Its error is its own; the others of its group go through.
type job struct {
	run   func(tx) error
	reply chan error
}

// change waits until a change is on disk. Whoever gets the connection makes the changes of all who wait for it in one
// transaction: one fsync for all, and no goroutine to hand over to when nobody else waits.
// Once begun, a change is not called off: the caller must learn what became of it.
func (s *SQLite) change(ctx context.Context, what string, run func(tx) error) error {
	j := &job{run: run, reply: make(chan error, 1)}
	s.mu.Lock()
	s.waiting = append(s.waiting, j)
	s.mu.Unlock()
	err := s.turn(ctx, j)
	if err != nil && !errors.Is(err, ErrClosed) {
		err = fmt.Errorf("%s: %w", what, err)
	}
	return err
}

func (s *SQLite) turn(ctx context.Context, j *job) error {
	for {
		select {
		case err := <-j.reply:
			return err
		case s.free <- struct{}{}:
			s.commit(s.group())
			<-s.free
		case <-ctx.Done():
			return s.withdraw(j, ctx.Err())
		case <-s.stop:
			return s.withdraw(j, ErrClosed)
		}
	}
}

// withdraw takes a job back, or waits for it when somebody has begun it.
func (s *SQLite) withdraw(j *job, reason error) error {
	s.mu.Lock()
	i := slices.Index(s.waiting, j)
	if i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	s.mu.Unlock()
	if i >= 0 {
		return reason
	}
	return <-j.reply
}

// group takes the jobs that have waited longest.
func (s *SQLite) group() []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.waiting), maxGroup)
	group := s.waiting[:n:n]
	s.waiting = s.waiting[n:]
	return group
}

func (s *SQLite) commit(group []*job) {
	if len(group) == 0 {
		return // somebody else has made it
	}
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
