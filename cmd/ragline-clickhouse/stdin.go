package main

import (
	"io"
	"os"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/options"
)

// stdin never ends with -keep: a daemon's is /dev/null, which would look like a parent that died.
func stdin(opts options.Options) io.Reader {
	if opts.Keep {
		r, _ := io.Pipe()
		return r
	}
	return os.Stdin
}
