package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// Engine is a running engine, started again when it dies, at the same address.
type Engine struct {
	kind    string
	token   string
	addr    func() string
	process *child.Process
}

// The two kinds of engine.
const (
	KindLibrary = "libchdb"
	KindServer  = "clickhouse server"
)

// Start starts libchdb in its helper process, or the clickhouse binary on the PATH where there is no libchdb.
// ctx bounds only the start. Where neither is to be had the error is an [UnavailableError].
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("resolving the data directory: %w", err)
	}
	cfg.DataDir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data directory: %w", err)
	}
	unavailable := cfg.findParts()
	if unavailable == nil {
		return startHelper(ctx, cfg)
	}
	if path, ok := FindServer(); ok && errors.Is(unavailable, ErrUnavailable) {
		return startServer(ctx, cfg, path)
	}
	return nil, unavailable
}

// findParts fills Library and Helper.
func (c *Config) findParts() error {
	var err error
	if c.Library == "" {
		if c.Library, err = FindLibrary(); err != nil {
			return err
		}
	}
	if c.Helper == "" {
		if c.Helper, err = FindHelper(); err != nil {
			return err
		}
	}
	// The helper starts in the data directory, where relative paths would name other files.
	var libraryErr, helperErr error
	c.Library, libraryErr = filepath.Abs(c.Library)
	c.Helper, helperErr = filepath.Abs(c.Helper)
	return errors.Join(libraryErr, helperErr)
}

// Kind is KindLibrary or KindServer.
func (e *Engine) Kind() string { return e.kind }

// URL is the engine's address without credentials, such as http://127.0.0.1:8123.
func (e *Engine) URL() string { return "http://" + e.addr() }

// DSN is the address with the owner's credentials and the database, as clickhouse-go's ParseDSN takes it.
// It holds the token: do not log it.
func (e *Engine) DSN() string {
	u := url.URL{Scheme: "http", User: url.UserPassword("default", e.token), Host: e.addr(), Path: "/default"}
	return u.String()
}

// PID is the engine's process id, 0 while it is down.
func (e *Engine) PID() int { return e.process.PID() }

// Restarts is how often the engine came back after it had died.
func (e *Engine) Restarts() int { return e.process.Restarts() }

// Wait returns nil as soon as the engine serves, at once if it does.
func (e *Engine) Wait(ctx context.Context) error { return e.process.Wait(ctx) }

// Check asks the engine whether it answers.
func (e *Engine) Check(ctx context.Context) error { return ping(ctx, e.addr()) }

// Close stops the engine and waits for its end. It may be called twice.
func (e *Engine) Close() { e.process.Stop() }

func ping(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/ping", nil)
	if err != nil {
		return fmt.Errorf("asking the engine: %w", err)
	}
	// A client of its own: no idle connection stays behind, and no proxy stands in the way.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the engine: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the engine: %s", res.Status)
	}
	return nil
}
