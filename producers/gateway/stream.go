package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
)

// writeTimeout ends a stream whose reader does not read.
const writeTimeout = 10 * time.Second

// chunkView is the data of a chunk event.
type chunkView struct {
	Text string `json:"text"`
}

// piece is an event of a stream on its way.
type piece struct {
	name string
	data any
}

// result ends a stream.
type result struct {
	answer *sdk.Answer
	err    error
}

// askStream answers with server-sent events: asked, chunk (many) and review, then answer or error. Comments keep it alive.
// It returns an error only before the first byte is out.
func (g *Gateway) askStream(w http.ResponseWriter, r *http.Request, q sdk.Question) error {
	wait, err := g.waitTime(r)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(r, wait)
	defer cancel()
	if err := g.client.Listen(ctx); err != nil {
		return err
	}
	if q.ID == "" {
		q.ID = event.NewID()
	}
	if q.ThreadID == "" {
		q.ThreadID = q.ID
	}
	g.metrics.streams.Inc()
	defer g.metrics.streams.Dec()

	pieces, done := make(chan piece), make(chan result, 1)
	hand := func(name string, data any) {
		select {
		case pieces <- piece{name, data}:
		case <-ctx.Done():
		}
	}
	go func() {
		answer, err := g.client.AskStream(ctx, q, func(text string) { hand("chunk", chunkView{text}) },
			sdk.OnReview(func(r sdk.ReviewState) { hand("review", viewReview(r)) }))
		done <- result{answer, err}
	}()
	s := newSSE(w)
	s.send("asked", pendingView{q.ID, q.ThreadID, "pending"})
	g.relay(ctx, s, pieces, done, cancel)
	return nil
}

// relay writes until the answer is out, and returns only when the question's goroutine has ended.
func (g *Gateway) relay(ctx context.Context, s *sse, pieces <-chan piece, done <-chan result, cancel func()) {
	beat := time.NewTicker(g.cfg.Heartbeat)
	defer beat.Stop()
	stopping := g.stopping
	for {
		select {
		case p := <-pieces:
			s.send(p.name, p.data)
		case <-beat.C:
			s.comment("heartbeat")
		case <-stopping:
			stopping = nil
			cancel() // the question goes on without this gateway
		case end := <-done:
			if end.err == nil {
				s.send("answer", viewAnswer(end.answer))
				return
			}
			p := problemOf(end.err)
			p.Type, p.Title = "about:blank", http.StatusText(p.Status)
			s.send("error", p)
			return
		}
		if s.err != nil && ctx.Err() == nil {
			cancel()
		}
	}
}

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

func (s *sse) send(name string, data any) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		s.err = err
		return
	}
	s.write(fmt.Sprintf("event: %s\ndata: %s\n", name, line.Bytes()))
}

func (s *sse) comment(text string) { s.write(": " + text + "\n\n") }

func (s *sse) write(text string) {
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has deadlines
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.control.Flush()
	}
}
