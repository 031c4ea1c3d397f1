package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
)

const (
	progressWidth = 30
	progressEvery = 100 * time.Millisecond
)

// progress draws a progress bar over itself. Off a terminal it draws nothing.
type progress struct {
	out   *term.Printer
	what  string
	last  time.Time
	drawn bool
}

func newProgress(out *term.Printer, what string) *progress { return &progress{out: out, what: what} }

func (b *progress) set(done, total int64) {
	if !b.out.Terminal() || time.Since(b.last) < progressEvery {
		return
	}
	b.last, b.drawn = time.Now(), true
	total = max(total, done, 1)
	full := int(done * progressWidth / total)
	fmt.Fprintf(b.out.Writer(), "\r%s [%s%s] %d of %d", b.what, strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), done, total)
}

// end clears the line.
func (b *progress) end() {
	if b.drawn {
		fmt.Fprint(b.out.Writer(), "\r\x1b[K")
	}
}
