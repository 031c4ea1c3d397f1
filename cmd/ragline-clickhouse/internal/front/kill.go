package front

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// killEvery is the pause between two KILLs of the same query: the first may come before it is registered.
const killEvery = 100 * time.Millisecond

// killer ends the queries of clients that went away.
// One KILL names all of them: on busy cores a KILL takes up to 0.3 s,
// and one for each query in turn fell behind the queries that came.
type killer struct {
	kill func(tags []string)
	wake chan struct{}
	quit chan struct{}
	done chan struct{}

	mu       sync.Mutex
	doomed   map[string]bool
	inFlight chan struct{} // closed when the KILL that runs has returned; nil when none runs
}

func newKiller(kill func(tags []string)) *killer {
	k := &killer{
		kill: kill, doomed: make(map[string]bool),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go k.run()
	return k
}

func (k *killer) close() {
	close(k.quit)
	<-k.done
}

// watch kills the tag's query from the moment ctx ends until the returned func is called.
// That func waits for a KILL that is running, so that none hits the next statement of a session.
func (k *killer) watch(ctx context.Context, tag string) (stop func()) {
	added := make(chan struct{})
	stopWatching := context.AfterFunc(ctx, func() { k.add(tag); close(added) })
	return func() {
		if !stopWatching() {
			<-added
			k.remove(tag)
		}
	}
}

func (k *killer) add(tag string) {
	k.mu.Lock()
	k.doomed[tag] = true
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *killer) remove(tag string) {
	k.mu.Lock()
	delete(k.doomed, tag)
	running := k.inFlight
	k.mu.Unlock()
	if running != nil {
		<-running
	}
}

func (k *killer) run() {
	defer close(k.done)
	pause := time.NewTimer(killEvery)
	defer pause.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-k.wake:
		case <-pause.C:
		}
		if k.killDoomed() {
			pause.Reset(killEvery)
		}
	}
}

// killDoomed tells whether there was anything to kill.
func (k *killer) killDoomed() bool {
	k.mu.Lock()
	tags := slices.Collect(maps.Keys(k.doomed))
	if len(tags) == 0 {
		k.mu.Unlock()
		return false
	}
	running := make(chan struct{})
	k.inFlight = running
	k.mu.Unlock()
	k.kill(tags)
	k.mu.Lock()
	k.inFlight = nil
	k.mu.Unlock()
	close(running)
	return true
}

// kill is asynchronous: KILL QUERY ... SYNC never returns in libchdb.
func (s *Server) kill(tags []string) {
	quoted := make([]string, len(tags))
	for i, tag := range tags {
		quoted[i] = quoteString(tag)
	}
	_, err := s.ask("KILL QUERY WHERE Settings['" + tagSetting + "'] IN (" + strings.Join(quoted, ", ") + ") ASYNC")
	if err != nil {
		s.cfg.Logger.Warn("killing abandoned queries", "error", err)
	}
}
