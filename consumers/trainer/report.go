package trainer

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// line is what the worker says.
type line struct {
	Event      string  `json:"event"`
	Step       int64   `json:"step"`
	TotalSteps int64   `json:"total_steps"`
	Loss       float64 `json:"loss"`
	Rate       float64 `json:"lr"`
	TokensPerS float64 `json:"tok_s"`
	VRAM       int64   `json:"vram_bytes"`
	ETA        float64 `json:"eta_s"`
	// EvalLoss is nil where it is no number.
	EvalLoss *float64 `json:"eval_loss"`
	Reason   string   `json:"reason"`
	Message  string   `json:"message"`
}

// report turns the worker's lines into events. Publishing has a goroutine of its own: a Kafka that is away must not
// stop the training, whose lines would fill the pipe.
type report struct {
	job    string
	every  time.Duration
	logger *slog.Logger

	mu     sync.Mutex
	last   event.TrainingProgressed
	points []*event.TrainingProgressed
	final  map[string]line // "saved", "failed"
	wake   chan struct{}
}

func newReport(job string, every time.Duration, logger *slog.Logger) *report {
	return &report{job: job, every: every, logger: logger, final: map[string]line{}, wake: make(chan struct{}, 1)}
}

// take is called for each line, from one goroutine.
func (r *report) take(text []byte) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		r.logger.Warn("worker wrote a line that is no JSON", "job", r.job, "line", string(text[:min(len(text), 200)]))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch l.Event {
	case "saved", "failed":
		r.final[l.Event] = l
	case "step":
		r.last.Step, r.last.TotalSteps, r.last.Loss, r.last.LearningRate = l.Step, l.TotalSteps, l.Loss, l.Rate
		r.last.TokensPerSecond, r.last.VramBytes, r.last.EtaSeconds = l.TokensPerS, l.VRAM, int64(l.ETA)
		r.add(nil)
	case "eval":
		r.last.Step = max(r.last.Step, l.Step)
		r.add(l.EvalLoss)
	}
}

// add keeps a point. A step replaces the one before it that is not published yet; an evaluation stays.
func (r *report) add(evalLoss *float64) {
	point := &event.TrainingProgressed{
		JobId: r.job, Step: r.last.Step, TotalSteps: r.last.TotalSteps, Loss: r.last.Loss, LearningRate: r.last.LearningRate,
		TokensPerSecond: r.last.TokensPerSecond, VramBytes: r.last.VramBytes, EtaSeconds: r.last.EtaSeconds, EvalLoss: evalLoss,
	}
	if n := len(r.points); evalLoss == nil && n > 0 && r.points[n-1].EvalLoss == nil {
		r.points[n-1] = point
	} else {
		r.points = append(r.points, point)
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *report) drain() []*event.TrainingProgressed {
	r.mu.Lock()
	defer r.mu.Unlock()
	points := r.points
	r.points = nil
	return points
}

func (r *report) get(name string) (line, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.final[name]
	return l, ok
}

// publish publishes points until ended closes, then what is left, so that progress never follows the end of its job.
func (r *report) publish(ctx context.Context, p *broker.Publisher, ended <-chan struct{}) {
	for over := false; !over; {
		select {
		case <-r.wake:
		case <-ended:
			over = true
		case <-ctx.Done():
			return
		}
		for _, point := range r.drain() {
			if err := p.Publish(ctx, newEvent(point)); err != nil {
				r.logger.Debug("progress is not published", "job", r.job, "error", err)
			}
		}
		if !over {
			pause(ctx, r.every, ended)
		}
	}
}

func pause(ctx context.Context, d time.Duration, ended <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	case <-ctx.Done():
	}
}
