package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres is a store that several processes share: threads have to be leased. A thread's row is locked by each change of
// the thread, so changes of one thread follow each other and those of different threads share the server's fsyncs.
type Postgres struct {
	sqlStore
	pool *pgxpool.Pool
	stop chan struct{}
	once sync.Once
}

const (
	// defaultSchema holds the tables unless the URL has a search_path.
	defaultSchema = "ragline_agent"
	// defaultConns is how many changes share the server's fsyncs, unless the URL has a pool_max_conns.
	defaultConns = 16
	// pausedLimit is how long a process may keep a change open without a word, in milliseconds.
	pausedLimit = "3000"
	// changeLimit is how long a change may take when nobody waits for it any more.
	changeLimit = time.Minute
)

// OpenPostgres opens the store in a database, and creates or updates its tables.
// They are in the schema ragline_agent, or in the first one of the URL's search_path.
func OpenPostgres(ctx context.Context, url string) (*Postgres, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("opening the Postgres store: %w", err)
	}
	params := cfg.ConnConfig.RuntimeParams
	params["search_path"] = cmp.Or(params["search_path"], defaultSchema)
	params["application_name"] = cmp.Or(params["application_name"], "ragline")
	// A process that is stopped within a change holds its locks: the server must not wait for it.
	params["idle_in_transaction_session_timeout"] = cmp.Or(params["idle_in_transaction_session_timeout"], pausedLimit)
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = defaultConns
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the Postgres store: %w", err)
	}
	if err := migratePostgres(ctx, pool, params["search_path"]); err != nil {
		pool.Close()
		return nil, fmt.Errorf("opening the Postgres store: %w", err)
	}
	s := &Postgres{pool: pool, stop: make(chan struct{})}
	s.db = s
	return s, nil
}

// Shared is true.
func (*Postgres) Shared() bool { return true }

// Close waits for the changes under way. It may be called twice.
func (s *Postgres) Close() error {
	s.once.Do(func() { close(s.stop) })
	s.pool.Close()
	return nil
}

// acquire takes a connection of the pool.
func (s *Postgres) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := s.pool.Acquire(ctx)
	select {
	case <-s.stop:
		if err == nil {
			conn.Release()
		}
		return nil, ErrClosed
	default:
	}
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return conn, nil
}

func (s *Postgres) read(ctx context.Context, what string, fn func(tx) error) error {
	conn, err := s.acquire(ctx)
	if err == nil {
		defer conn.Release()
		p := &pipeline{ctx: ctx, conn: conn}
		if err = fn(p); err == nil {
			err = p.flush(nil)
		}
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	return nil
}

// change is not called off once it has a connection: the caller must learn what became of it.
// An error of the connection may hide that it is stored.
func (s *Postgres) change(ctx context.Context, what string, fn func(tx) error) error {
	conn, err := s.acquire(ctx)
	if err == nil {
		defer conn.Release()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeLimit)
		defer cancel()
		err = transact(ctx, conn, fn)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// transact sends the beginning with the first query and the commit with the last changes: most changes cost two round trips.
func transact(ctx context.Context, conn *pgxpool.Conn, fn func(tx) error) error {
	p := &pipeline{ctx: ctx, conn: conn}
	_ = p.exec("BEGIN")
	err := fn(p)
	if err == nil {
		_ = p.exec("COMMIT")
		err = p.flush(nil)
	}
	if err != nil && p.sent {
		_, undo := conn.Exec(ctx, "ROLLBACK")
		err = errors.Join(err, undo)
	}
	return err
}

// pipeline gathers statements and sends them together with the next query.
type pipeline struct {
	ctx   context.Context
	conn  *pgxpool.Conn
	batch pgx.Batch
	sent  bool
}

func (p *pipeline) dialect() dialect {
	return dialect{
		now:      `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) * 1000`,
		contains: `t.metadata @> CAST($ AS JSONB)`,
		list:     `SELECT jsonb_array_elements_text(CAST($ AS JSONB))`,
	}
}

func (p *pipeline) exec(text string, args ...any) error {
	p.batch.Queue(text, postgresArgs(args)...)
	return nil
}

func (p *pipeline) lock(text string, args ...any) error { return p.exec(text, args...) }

func (p *pipeline) query(scan func(scanner) error, text string, args ...any) error {
	p.batch.Queue(text, postgresArgs(args)...)
	return p.flush(scan)
}

// flush sends what is gathered. The rows of the last statement go to scan, if there is one.
func (p *pipeline) flush(scan func(scanner) error) (err error) {
	n := p.batch.Len()
	if n == 0 {
		return nil
	}
	p.sent = true
	results := p.conn.SendBatch(p.ctx, &p.batch)
	defer func() {
		err = errors.Join(err, results.Close())
		p.batch = pgx.Batch{}
	}()
	if scan != nil {
		n--
	}
	for range n {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	if scan == nil {
		return nil
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
