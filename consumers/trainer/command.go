package trainer

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Start asks for the job of a dataset under a configuration: it writes config.json into the job's folder and publishes
// a training.blocked that says so. The trainer of that folder begins, now or once it is up, and keeps these settings.
func Start(ctx context.Context, cfg Config, b *broker.Broker, f *Fold, ready *event.DatasetReady) (Job, error) {
	if err := cfg.Validate(); err != nil {
		return Job{}, err
	}
	if cfg.BaseModel == "" {
		return Job{}, ErrNoBase
	}
	j, err := NewJob(cfg, ready)
	if err != nil {
		return j, err
	}
	if s := f.byID[j.ID]; s != nil {
		switch s.Status {
		case StatusFinished:
			return j, fmt.Errorf("%w: %s has been trained with these settings (model %s); change a setting, for example RAGLINE_TRAINER_SEED", ErrEnded, j.ID[:12], j.Version())
		case StatusRunning:
			return j, fmt.Errorf("%w: `ragline train watch %s` shows it", ErrRuns, j.ID[:12])
		}
	}
	if err := j.save(); err != nil {
		return j, err
	}
	return j, publish(ctx, b, newEvent(&event.TrainingBlocked{JobId: j.ID, Reason: ReasonQueued, Command: "ragline run trainer"}))
}

// Cancel publishes that a job was canceled. Its trainer obeys; the log is how it learns of it.
func Cancel(ctx context.Context, b *broker.Broker, s *State, who string) error {
	if s.Ended() {
		return fmt.Errorf("%w: %s is %s", ErrEnded, s.ID, s.Status)
	}
	message := "canceled by " + who + "; `ragline train start` goes on from its last checkpoint"
	return publish(ctx, b, newEvent(&event.TrainingFailed{JobId: s.ID, Reason: ReasonCanceled, Message: message}))
}

func publish(ctx context.Context, b *broker.Broker, e event.Event) error {
	p, err := b.Publisher()
	if err != nil {
		return fmt.Errorf("opening publisher: %w", err)
	}
	defer p.Close()
	return p.Publish(ctx, e)
}

// Forecast is what `ragline train estimate` prints.
type Forecast struct {
	Job       Job        `json:"job"`
	Device    Device     `json:"device"`
	Data      Corpus     `json:"data"`
	Estimates []Estimate `json:"estimates"`
	Remedy    string     `json:"remedy,omitempty"`
}

// NewForecast estimates a job for all methods, without starting anything. Without a dataset there is no time.
func NewForecast(cfg Config, ready *event.DatasetReady, d Device) (Forecast, error) {
	if cfg.BaseModel == "" {
		return Forecast{}, ErrNoBase
	}
	j, err := NewJob(cfg, ready)
	if err != nil {
		return Forecast{}, err
	}
	var data Corpus
	if ready != nil {
		if data, err = j.verify(); err != nil {
			return Forecast{}, err
		}
	}
	base, err := ReadBase(j.BasePath)
	if err != nil {
		return Forecast{}, err
	}
	f := Forecast{Job: j, Device: d, Data: data, Estimates: Estimates(base, j.Settings, data, d)}
	if !NewEstimate(base, j.Settings, data, d).Fits {
		f.Remedy = Remedy(base, j.Settings, data, d)
	}
	return f, nil
}

// Ready says whether the program that trains is there, without asking it.
func Ready(cfg Config) bool {
	_, ok := FindEnvironment(cfg)
	return ok || cfg.Engine != engineLocal
}

// Probe asks the training environment what it computes on. Without one it is this machine's CPU, and ok is false.
func Probe(ctx context.Context, cfg Config) (d Device, ok bool) {
	d, err := (&local{cfg: cfg}).device(ctx, "")
	if err != nil {
		return CPU(), false
	}
	return d, true
}
