package clickhouse

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"
)

const progressEvery = 500 * time.Millisecond

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+500_000)/1_000_000) }

// counter writes "WHAT n of m MB" over itself, at most twice a second.
type counter struct {
	out   io.Writer
	what  string
	total int64
	done  int64
	last  time.Time
}

func (c *counter) Write(p []byte) (int, error) {
	c.set(c.done + int64(len(p)))
	return len(p), nil
}

func (c *counter) set(done int64) {
	c.done = done
	if now := time.Now(); now.Sub(c.last) >= progressEvery {
		c.last = now
		c.print("")
	}
}

func (c *counter) print(end string) {
	fmt.Fprintf(c.out, "\r%s %s of %s%s", c.what, megabytes(c.done), megabytes(c.total), end)
}

// watchSize reports how much npm has written below dir until stop is called.
// npm may hold the tarball in its own cache until it is whole; then the line stays at 0 until the end.
func watchSize(dir string, total int64, out io.Writer) (stop func()) {
	c := &counter{out: out, what: "downloading", total: total}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.set(sizeBelow(dir))
			case <-quit:
				c.done = sizeBelow(dir)
				c.print("\n")
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

func sizeBelow(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // an estimate: files come and go while npm unpacks
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
