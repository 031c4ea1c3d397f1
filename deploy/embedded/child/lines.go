package child

import (
	"bytes"
	"strings"
	"sync"
)

// maxLine cuts what a program prints without a newline, so that it cannot grow the parent.
const maxLine = 64 << 10

// lineWriter hands each whole line to emit. Flush hands over a last line without newline.
type lineWriter struct {
	emit func(line string)
	buf  []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		head, tail, found := bytes.Cut(p, []byte{'\n'})
		w.buf = append(w.buf, head...)
		if !found {
			break
		}
		w.Flush()
		p = tail
	}
	if len(w.buf) > maxLine {
		w.Flush()
	}
	return n, nil
}

func (w *lineWriter) Flush() {
	if len(w.buf) == 0 {
		return
	}
	w.emit(strings.TrimSuffix(string(w.buf), "\r"))
	w.buf = w.buf[:0]
}

// tail keeps the last lines of stderr for the error that reports an exit.
type tail struct {
	mu    sync.Mutex
	lines []string
}

const tailLines = 5

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "; ")
}
