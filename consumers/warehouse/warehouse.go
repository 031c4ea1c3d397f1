package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
)

// connectTimeout bounds the way to ClickHouse, not what it does.
const connectTimeout = 10 * time.Second

// Warehouse is a ClickHouse database. It is safe for concurrent use.
type Warehouse struct {
	cfg    Config
	target target
	logger *slog.Logger
	http   *http.Client
	conn   driver.Conn
	// compress costs more than it saves on the own machine.
	compress bool
	// bodies holds bodies of inserts that were sent.
	bodies chan *body
}

// Open returns a warehouse without talking to it yet.
func Open(cfg Config, logger *slog.Logger) (*Warehouse, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t, err := cfg.target()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(options(cfg, t))
	if err != nil {
		return nil, fmt.Errorf("opening ClickHouse at %s: %w", t.host, err)
	}
	transport := &http.Transport{
		MaxConnsPerHost: cfg.MaxConns, MaxIdleConnsPerHost: cfg.MaxConns, DisableCompression: true, Proxy: proxy(t),
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSHandshakeTimeout: connectTimeout,
		IdleConnTimeout: 5 * time.Second, // ClickHouse closes after 10 s, and an insert may meet that
	}
	return &Warehouse{
		cfg: cfg, target: t, logger: logger, conn: conn, compress: !t.loopback(), bodies: make(chan *body, spareBodies),
		http: &http.Client{Transport: transport},
	}, nil
}

// Close drops the connections. It may be called twice.
func (w *Warehouse) Close() error {
	w.http.CloseIdleConnections()
	return w.conn.Close()
}

// Database is the name of the database.
func (w *Warehouse) Database() string { return w.target.database }

// Wait returns nil once ClickHouse answers. It warns once that it waits. Credentials that are refused, or the end
// of ctx, end the wait with an error.
func (w *Warehouse) Wait(ctx context.Context) error {
	return w.Persist(ctx, func(context.Context) error { return nil })
}

// Persist waits until ClickHouse answers and calls do, both again and again until do returns nil: ClickHouse may go
// away in between. It warns once. Besides the end of ctx it gives up only on what no waiting changes: credentials that
// are refused, ErrDrift and ErrOutOfOrder.
func (w *Warehouse) Persist(ctx context.Context, do func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := w.ping(ctx)
		if err == nil {
			err = do(ctx)
		}
		if refused(err) || errors.Is(err, ErrDrift) || errors.Is(err, ErrOutOfOrder) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(0), backoff.WithNotify(w.warnOnce()))
	if err != nil {
		return fmt.Errorf("waiting for ClickHouse at %s: %w", w.target.host, err)
	}
	return nil
}

func (w *Warehouse) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	_, err := w.post(ctx, request{query: "SELECT 1"})
	return err
}

func (w *Warehouse) warnOnce() backoff.Notify {
	warned := false
	return func(err error, _ time.Duration) {
		if !warned {
			w.logger.Warn("ClickHouse does not answer yet, waiting", "address", w.target.host, "error", err)
		}
		warned = true
	}
}

func options(cfg Config, t target) *clickhouse.Options {
	o := &clickhouse.Options{
		Protocol:     clickhouse.HTTP,
		Addr:         []string{t.host},
		Auth:         clickhouse.Auth{Database: t.database, Username: t.user, Password: t.password},
		MaxOpenConns: cfg.MaxConns, MaxIdleConns: cfg.MaxConns,
		DialTimeout: connectTimeout, ReadTimeout: cfg.Timeout,
	}
	if t.scheme == "https" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if !t.loopback() {
		o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return o
}
