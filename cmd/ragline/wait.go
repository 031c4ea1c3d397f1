package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
)

// patience is how long a person waits without being told for what.
const patience = 2 * time.Second

// wait says what is waited for, over itself, once it takes longer. Off a terminal it says nothing.
type wait struct {
	out   *term.Printer
	stop  chan struct{}
	ended sync.WaitGroup
	once  sync.Once

	mu    sync.Mutex
	what  string
	since time.Time
	drawn bool
}

func newWait(out *term.Printer) *wait {
	w := &wait{out: out, stop: make(chan struct{}), what: "asking the agent", since: time.Now()}
	if out.Terminal() {
		w.ended.Go(w.run)
	}
	return w
}

func (w *wait) run() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			w.draw()
		}
	}
}

func (w *wait) draw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := time.Since(w.since); d > patience {
		w.drawn = true
		fmt.Fprintf(w.out.Writer(), "\r\x1b[K%s, %d s", w.what, d/time.Second)
	}
}

// on says what is waited for from now on.
func (w *wait) on(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clear()
	w.what, w.since = what, time.Now()
}

func (w *wait) clear() {
	if w.drawn {
		fmt.Fprint(w.out.Writer(), "\r\x1b[K")
		w.drawn = false
	}
}

// end is called before something else is printed, and may be called twice.
func (w *wait) end() {
	w.once.Do(func() { close(w.stop) })
	w.ended.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clear()
}
