package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// writeTimeout ends a stream whose reader does not read.
const writeTimeout = 10 * time.Second

// sse writes server-sent events and keeps the first error.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func newSSE(w http.ResponseWriter) *sse {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold the stream back
	w.WriteHeader(http.StatusOK)
	return &sse{w: w, control: http.NewResponseController(w)}
}

func (s *sse) send(f frame) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f.Data); err != nil {
		s.err = errors.Join(s.err, err)
		return
	}
	s.write("event: " + f.Event + "\ndata: " + line.String() + "id: " + strconv.Itoa(f.ID) + "\n\n")
}

func (s *sse) write(text string) {
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer can
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.control.Flush()
	}
}

// told is an event of a run on its way to a client.
type told struct {
	event Event
	err   error
}

// follow sends the events of a run from its first, and closes the channel at its end or with the context.
func (s *Server) follow(ctx context.Context, runID string) <-chan told {
	out := make(chan told)
	go func() {
		defer close(out)
		for e, err := range s.backend.Events(ctx, runID) {
			select {
			case out <- told{e, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// view is what one client wants to see of a run.
type view struct {
	after int      // the last frame that it has
	modes []string // nil: all of the run's
}

func (v view) wants(f frame) bool {
	return f.ID > v.after && (f.Mode == "" || v.modes == nil || slices.Contains(v.modes, f.Mode))
}

// ending says why a request that follows a run is over.
type ending int

const (
	runEnded ending = iota
	clientGone
	serverStops // the run goes on, here or elsewhere
)

// relay writes the frames of a run until its end.
func (s *Server) relay(ctx context.Context, out *sse, run Run, v view) ending {
	ctx, cancel := context.WithCancel(ctx)
	events := s.follow(ctx, run.ID)
	defer func() { // the goroutine ends before we do
		cancel()
		for range events {
		}
	}()
	f := newFramer(run, s.assistants.idOf(run))
	send := func(frames []frame) {
		for _, one := range frames {
			if v.wants(one) {
				out.send(one)
			}
		}
	}
	send(f.begin())
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for out.err == nil {
		select {
		case t, more := <-events:
			if t.err != nil {
				s.report(ctx, run.ID, t.err, out, f)
			}
			if !more || t.err != nil {
				return over(ctx)
			}
			send(f.frames(t.event))
		case <-beat.C:
			out.write(": heartbeat\n\n")
		case <-s.stopping:
			return serverStops
		}
	}
	return clientGone
}

// over is why events have ended: with the run, unless nobody reads them any more.
func over(ctx context.Context) ending {
	if ctx.Err() != nil {
		return clientGone
	}
	return runEnded
}

// report tells the client that its stream broke, which is not the end of the run.
func (s *Server) report(ctx context.Context, runID string, err error, out *sse, f *framer) {
	if ctx.Err() != nil {
		return
	}
	s.logger.Error("following a run", "run_id", runID, "error", err)
	f.put("", "error", RunFailure{Error: "StreamError", Message: "the stream broke, the run goes on: join it again"})
	for _, one := range f.take() {
		out.send(one)
	}
}

// streamRun starts a run and shows what it does.
func (s *Server) streamRun(w http.ResponseWriter, r *http.Request) error {
	run, b, err := s.accept(w, r)
	if err != nil {
		return err
	}
	w.Header().Set("Location", w.Header().Get("Content-Location")+"/stream")
	why := s.relay(r.Context(), newSSE(w), run, view{after: -1})
	s.leave(r, run, why, b.OnDisconnect == "cancel")
	return nil
}

// leave cleans up behind a request that started a run and has seen its end, or whose client went away.
func (s *Server) leave(r *http.Request, run Run, why ending, cancel bool) {
	ctx := context.WithoutCancel(r.Context())
	var err error
	switch {
	case why == runEnded && run.Temporary:
		err = s.backend.DeleteThread(ctx, run.ThreadID)
	case why == clientGone && cancel:
		err = s.backend.Cancel(ctx, run.ID, false)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.logger.Error("cleaning up behind a run", "run_id", run.ID, "error", err)
	}
}

// joinStream shows a run from its first event, or from the one after the client's last.
func (s *Server) joinStream(w http.ResponseWriter, r *http.Request) error {
	run, err := s.run(r)
	if err != nil {
		return err
	}
	v := view{after: -1}
	for _, mode := range r.URL.Query()["stream_mode"] {
		if mode == "" { // as the Python client says that it wants all
			continue
		}
		v.modes = append(v.modes, mode)
		if !slices.Contains(streamModes(), mode) {
			return invalid("stream_mode", "%q is no stream mode", mode)
		}
	}
	if id := r.Header.Get("Last-Event-Id"); id != "" {
		if v.after, err = strconv.Atoi(id); err != nil {
			return invalid("Last-Event-ID", "%q is no id of an event of this server", id)
		}
	}
	path := runPath(r.PathValue("thread_id"), run.ID)
	w.Header().Set("Content-Location", path)
	w.Header().Set("Location", path+"/stream")
	why := s.relay(r.Context(), newSSE(w), run, v)
	s.leave(r, Run{ID: run.ID}, why, flag(r, "cancel_on_disconnect"))
	return nil
}
