package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// worker does what the agent does, without Kafka: it runs each thread's runs one after the other.
type worker struct {
	store   checkpoint.Store
	engine  *graph.Engine
	backend *backend.Backend

	wg      sync.WaitGroup
	mu      sync.Mutex
	busy    map[string]bool // by thread
	cancels map[string]context.CancelCauseFunc
	closed  bool
}

var errCanceled = errors.New(backend.Canceled)

func (w *worker) Submit(ctx context.Context, s backend.Submission) (string, error) {
	if s.Input != nil {
		writes, err := readInput(w.engine.Graph(), s.Input)
		if err != nil {
			return "", err
		}
		s.Begin.Writes = append(writes, s.Begin.Writes...)
	}
	input, err := json.Marshal(s.Begin)
	if err != nil {
		return "", err
	}
	run := checkpoint.Run{ID: uuid.Must(uuid.NewV7()).String(), ThreadID: s.ThreadID, Input: input, CreatedAt: time.Now().UTC()}
	b, err := w.engine.Begin(ctx, request(run, s.Begin))
	if err != nil {
		return "", err
	}
	if err := s.Ready(run.ID); err != nil {
		return run.ID, err
	}
	if _, err := w.store.Accept(ctx, checkpoint.Acceptance{Run: run, Head: b.Head, Input: b.Checkpoints}); err != nil {
		return run.ID, err
	}
	w.wake(s.ThreadID)
	return run.ID, nil
}

func request(run checkpoint.Run, b backend.Begin) graph.Request {
	return graph.Request{
		ThreadID: run.ThreadID, RunID: run.ID, Input: b.Writes, From: b.From, Continue: b.Continue, Goto: b.Goto,
		InterruptBefore: b.Before, InterruptAfter: b.After, Limit: b.Limit,
	}
}

func (w *worker) Decide(ctx context.Context, d checkpoint.Decision) error {
	run, err := w.store.Run(ctx, d.RunID)
	if err != nil {
		return err
	}
	out, err := w.store.Decide(ctx, d)
	if err != nil {
		return err
	}
	w.wake(run.ThreadID)
	if out.Queued == nil {
		return backend.ErrNothingDecided
	}
	return nil
}

func (*worker) Check(_, _ json.RawMessage) error { return nil }

func (w *worker) Cancel(ctx context.Context, run checkpoint.Run) error {
	err := w.store.Commit(ctx, checkpoint.Commit{
		ThreadID: run.ThreadID, RunID: run.ID, Status: checkpoint.StatusFailed, Error: backend.Canceled, EndedAt: time.Now().UTC(),
	})
	if err != nil && !errors.Is(err, checkpoint.ErrRunEnded) {
		return err
	}
	w.mu.Lock()
	cancel := w.cancels[run.ID]
	w.mu.Unlock()
	if cancel != nil {
		cancel(errCanceled)
		return nil
	}
	w.backend.Stopped(run.ID, nil)
	w.wake(run.ThreadID)
	return nil
}

// wake lets a thread's runs go on until none can.
func (w *worker) wake(threadID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[threadID] || w.closed {
		return
	}
	w.busy[threadID] = true
	w.wg.Go(func() {
		for w.turn(threadID) {
		}
	})
}

// turn runs the thread's next run. It returns false when there is none.
func (w *worker) turn(threadID string) bool {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	w.mu.Lock()
	run, err := w.store.Turn(ctx, threadID)
	if err != nil || run.Status != checkpoint.StatusQueued || w.closed {
		delete(w.busy, threadID)
		w.mu.Unlock()
		return false
	}
	w.cancels[run.ID] = cancel
	w.mu.Unlock()
	run, err = w.store.Run(ctx, run.ID)
	if err == nil {
		var b backend.Begin
		if err = json.Unmarshal(run.Input, &b); err == nil {
			req := request(run, b)
			req.Observe = w.backend.Began(run.ID, run.ThreadID)
			_, err = w.engine.Run(ctx, req)
		}
	}
	w.mu.Lock()
	delete(w.cancels, run.ID)
	w.mu.Unlock()
	w.stop(ctx, run, err)
	return true
}

func (w *worker) stop(ctx context.Context, run checkpoint.Run, err error) {
	if errors.Is(context.Cause(ctx), errCanceled) || errors.Is(err, checkpoint.ErrRunEnded) {
		err = nil
	}
	if err != nil {
		_ = w.store.Commit(context.WithoutCancel(ctx), checkpoint.Commit{
			ThreadID: run.ThreadID, RunID: run.ID, Status: checkpoint.StatusFailed, Error: err.Error(), EndedAt: time.Now().UTC(),
		})
	}
	w.backend.Stopped(run.ID, err)
}

func (w *worker) close() {
	w.mu.Lock()
	w.closed = true
	for _, cancel := range w.cancels {
		cancel(errCanceled)
	}
	w.mu.Unlock()
	w.wg.Wait()
}
