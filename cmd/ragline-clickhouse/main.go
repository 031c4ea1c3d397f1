// Command ragline-clickhouse serves ClickHouse's HTTP interface from libchdb, for one machine and one owner.
//
// `ragline up` starts and supervises it. By hand:
//
//	RAGLINE_CLICKHOUSE_TOKEN=secret ragline-clickhouse -data ./ch -addr 127.0.0.1:8123 -keep
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/front"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/options"
	"github.com/ragline/ragline/deploy/embedded/child"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
)

func main() {
	err := run(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ragline-clickhouse:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	opts, err := options.Parse(args, os.Stderr)
	if err != nil {
		return err
	}
	ctx, stop := child.UntilParentExits(context.Background(), stdin(opts))
	defer stop()
	if opts.Library == "" {
		if opts.Library, err = clickhouse.FindLibrary(); err != nil {
			return err
		}
	}
	if err := clickhouse.CheckCPU(); err != nil {
		return err
	}
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return fmt.Errorf("creating the data directory: %w", err)
	}
	unlock, err := child.FileLock(ctx, filepath.Join(opts.DataDir, "ragline.lock"), opts.LockWait)
	if err != nil {
		return err
	}
	defer unlock()
	library, err := chdb.Open(opts.Library)
	if err != nil {
		return err
	}
	return front.Serve(ctx, front.Config{
		Library: library, DataDir: opts.DataDir,
		Token: opts.Token, AnalystToken: opts.AnalystToken, OpenReadOnly: opts.OpenReadOnly,
		MaxMemory: opts.MaxMemory, MaxThreads: opts.MaxThreads,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}, opts.Addr, func(addr string) error { return child.PrintReady(os.Stdout, addr) })
}
