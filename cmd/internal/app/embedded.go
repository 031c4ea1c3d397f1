package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ragline/ragline/deploy/embedded/child"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/kafka"
)

// Embedded is the laptop default: the servers that `ragline up` starts where no address is set.
type Embedded struct {
	broker  *kafka.Broker
	engine  *clickhouse.Engine
	release func()
	// NoAnalytics says in words why there is no ClickHouse. Empty when there is one.
	NoAnalytics string
}

// StartEmbedded takes the data directory and starts what cfg has no address for, both at a time. It writes the
// addresses into cfg. Where the engine cannot be had the rest goes on, and the log keeps what the analytics miss.
func StartEmbedded(ctx context.Context, cfg *Config, logger *slog.Logger, progress io.Writer) (*Embedded, error) {
	if _, err := LoadPack(*cfg); err != nil { // NewSystem needs it, and a wrong setting must start nothing
		return nil, err
	}
	e := &Embedded{}
	if err := e.takeDir(ctx, cfg.General.DataDir); err != nil {
		return nil, err
	}
	brokerErr := make(chan error, 1)
	go func() { brokerErr <- e.startBroker(ctx, cfg, logger) }()
	engineErr := e.startEngine(ctx, cfg, logger, progress)
	if err := errors.Join(<-brokerErr, engineErr); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// takeDir makes sure of one ragline for each data directory.
func (e *Embedded) takeDir(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: RAGLINE_DATA_DIR=%s: %w; name a directory that you may write", ErrConfig, dir, err)
	}
	release, err := child.FileLock(ctx, filepath.Join(dir, "up.lock"), 2*time.Second)
	var locked *child.LockedError
	if errors.As(err, &locked) {
		return fmt.Errorf("another ragline uses %s (%w): stop it, or set RAGLINE_DATA_DIR to another directory", dir, err)
	}
	if err != nil {
		return fmt.Errorf("taking the data directory: %w", err)
	}
	e.release = release
	return nil
}

func (e *Embedded) startBroker(ctx context.Context, cfg *Config, logger *slog.Logger) error {
	if len(cfg.Kafka.Brokers) > 0 {
		return nil
	}
	conf := cfg.EmbeddedKafka
	conf.DataDir = filepath.Join(cfg.General.DataDir, "kafka")
	broker, err := kafka.Start(ctx, conf, logger)
	if err != nil {
		return err
	}
	e.broker = broker
	cfg.Kafka.Brokers = []string{broker.Addr()}
	return nil
}

func (e *Embedded) startEngine(ctx context.Context, cfg *Config, logger *slog.Logger, progress io.Writer) error {
	if cfg.ClickHouse.URL != "" {
		return nil
	}
	owner, err := token(cfg.General.DataDir)
	if err != nil {
		return err
	}
	if err := clickhouse.Prepare(ctx, progress); err != nil {
		return e.without(ctx, err)
	}
	engine, err := clickhouse.Start(ctx, clickhouse.Config{
		DataDir:      filepath.Join(cfg.General.DataDir, "clickhouse"),
		Addr:         cfg.EmbeddedClickHouse.Addr,
		Token:        owner,
		OpenReadOnly: true,
		Logger:       logger,
	})
	if err != nil {
		return e.without(ctx, explainTaken(cfg.EmbeddedClickHouse.Addr, err))
	}
	e.engine = engine
	cfg.ClickHouse.URL = cfg.ownerURL(owner)
	return nil
}

// explainTaken says which setting to change when the engine could not start because its port is taken. It looks after
// the start, not before: the engine of a run that was killed may hold the port for a moment.
func explainTaken(addr string, err error) error {
	l, busy := net.Listen("tcp", addr)
	if busy == nil {
		_ = l.Close()
		return err
	}
	return fmt.Errorf("RAGLINE_CLICKHOUSE_ADDR=%s: another program listens there. Set RAGLINE_CLICKHOUSE_ADDR to a free port, "+
		"for example 127.0.0.1:18123; or, if that program is a ClickHouse to be used, set CLICKHOUSE_URL (%w)", addr, err)
}

// without goes on without analytics when the engine cannot be had on this machine; any other fault is one.
func (e *Embedded) without(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, clickhouse.ErrUnavailable) {
		e.NoAnalytics = err.Error()
		return nil
	}
	return err
}

// Close stops the servers, both at a time, and gives the data directory back.
func (e *Embedded) Close() {
	atOnce(
		func() {
			if e.engine != nil {
				e.engine.Close()
			}
		},
		func() {
			if e.broker != nil {
				_ = e.broker.Close() // it cannot fail: the process is gone either way
			}
		},
	)
	e.release()
}

// atOnce calls each function at the same time and returns when all have.
func atOnce(do ...func()) {
	var all sync.WaitGroup
	for _, f := range do {
		all.Go(f)
	}
	all.Wait()
}
