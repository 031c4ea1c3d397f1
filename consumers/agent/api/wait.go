package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// waitRun starts a run and answers with what came of it.
func (s *Server) waitRun(w http.ResponseWriter, r *http.Request) error {
	run, b, err := s.accept(w, r)
	if err != nil {
		return err
	}
	w.Header().Set("Location", w.Header().Get("Content-Location")+"/join")
	why := s.await(w, r, run)
	s.leave(r, run, why, b.OnDisconnect == "cancel")
	return nil
}

// joinRun waits for a run that was started before.
func (s *Server) joinRun(w http.ResponseWriter, r *http.Request) error {
	run, err := s.run(r)
	if err != nil {
		return err
	}
	why := s.await(w, r, run)
	s.leave(r, Run{ID: run.ID}, why, flag(r, "cancel_on_disconnect"))
	return nil
}

// await writes line breaks, which JSON does not mind, until the run has ended, and then its values.
// The status is out by then: a failure is told in the body.
func (s *Server) await(w http.ResponseWriter, r *http.Request, run Run) ending {
	ctx, cancel := context.WithCancel(r.Context())
	events := s.follow(ctx, run.ID)
	defer func() {
		cancel()
		for range events {
		}
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := &sse{w: w, control: http.NewResponseController(w)}
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	var result outcome
	for out.err == nil {
		select {
		case t, more := <-events:
			if more {
				result.add(t)
				continue
			}
			if ctx.Err() == nil {
				out.write(string(s.settle(ctx, run, result)) + "\n")
			}
			return over(ctx)
		case <-beat.C:
			out.write("\n")
		case <-s.stopping:
			return serverStops
		}
	}
	return clientGone
}

// outcome is what a run has come to so far.
type outcome struct {
	values     object
	interrupts []Pending
	failed     *RunFailure
	err        error
}

func (o *outcome) add(t told) {
	switch e := t.event; {
	case t.err != nil:
		o.err = t.err
	case e.Checkpoint != nil:
		o.values, o.interrupts = e.Checkpoint.Values, nil
		for _, task := range e.Checkpoint.Tasks {
			o.interrupts = append(o.interrupts, task.Interrupts...)
		}
	case e.Failed != nil:
		o.failed = e.Failed
	}
}

// settle is the body of a run that has ended. One whose events are no longer kept is read from its thread.
func (s *Server) settle(ctx context.Context, run Run, o outcome) json.RawMessage {
	if o.err == nil && o.failed == nil && o.values == nil {
		o.err = s.recall(ctx, run, &o)
	}
	if o.err != nil {
		s.logger.Error("waiting for a run", "run_id", run.ID, "error", o.err)
		p, _ := problemOf(o.err)
		o.failed = &RunFailure{Error: "WaitError", Message: p.Detail}
	}
	if o.failed != nil {
		return mustJSON(map[string]*RunFailure{"__error__": o.failed})
	}
	body := object{}
	for k, v := range o.values {
		body[k] = v
	}
	if len(o.interrupts) > 0 {
		body[interruptKey] = mustJSON(o.interrupts)
	}
	return mustJSON(body)
}

func (s *Server) recall(ctx context.Context, run Run, o *outcome) error {
	now, err := s.backend.Run(ctx, run.ID)
	if err != nil {
		return err
	}
	if o.failed = now.Error; o.failed != nil {
		return nil
	}
	at, err := s.backend.State(ctx, run.ThreadID, "")
	if err != nil {
		return err
	}
	o.add(told{event: Event{Checkpoint: &at}})
	return nil
}
