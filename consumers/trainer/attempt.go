package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"syscall"
	"time"

	"github.com/ragline/ragline/consumers/internal/child"
	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/schemas/event"
)

// engine runs jobs.
type engine interface {
	// device says what a job will run on, or returns *blocked. It is asked before each start.
	device(ctx context.Context, queue string) (Device, error)
	// run trains until the adapter is saved. It returns a *Failure, the cause of ctx, or errDied after which the job
	// is run again. What is told goes into the report.
	run(ctx context.Context, j Job, queue string, lock *child.Lock, r *report) error
}

// attempt brings one job to an end. It runs in a goroutine of its own and touches no state of the trainer.
type attempt struct {
	*Trainer

	job    Job
	queue  string
	ends   int
	told   bool // that it is blocked
	logger *slog.Logger
}

// finish runs the job, again after each death of its worker, and publishes how it ended. No status means that ctx did.
func (a *attempt) finish(ctx context.Context) (Status, string) {
	err := a.insist(ctx)
	var failed *Failure
	var waits *blocked
	switch {
	case err == nil:
		return StatusFinished, ""
	case errors.As(err, &waits):
		return a.block(ctx, waits)
	case errors.Is(context.Cause(ctx), errCanceled):
		return StatusFailed, ReasonCanceled // whoever did has published it
	case errors.Is(context.Cause(ctx), errSuperseded):
		failed = &Failure{ReasonSuperseded, "a newer dataset is ready"}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Grace)
		defer cancel()
	case ctx.Err() != nil:
		return "", ""
	case errors.As(err, &failed):
	case errors.Is(err, syscall.ENOSPC):
		failed = &Failure{ReasonDiskFull, fmt.Sprintf("%v: free space below %s, then run `ragline train start` again", err, a.cfg.Dir)}
	default:
		failed = &Failure{ReasonInternal, fmt.Sprintf("%v: see %s", err, a.job.path("log"))}
	}
	if err := a.fail(ctx, failed.Reason, failed.Message); err != nil {
		return "", ""
	}
	a.logger.Warn("training failed", "reason", failed.Reason, "what to do", failed.Message)
	return StatusFailed, failed.Reason
}

func (a *attempt) fail(ctx context.Context, reason, message string) error {
	e := derived(a.job.ID, ordinalFailed+a.ends, &event.TrainingFailed{JobId: a.job.ID, Reason: reason, Message: message})
	if err := a.publisher.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing the failure of job %s: %w", a.job.ID, err)
	}
	return nil
}

// block tells once what a job waits for.
func (a *attempt) block(ctx context.Context, b *blocked) (Status, string) {
	if !a.told {
		e := newEvent(&event.TrainingBlocked{JobId: a.job.ID, Reason: b.reason, Command: b.command})
		if err := a.publisher.Publish(ctx, e); err != nil {
			return "", ""
		}
		a.logger.Warn("training waits", "reason", b.reason, "command", b.command)
	}
	return StatusBlocked, b.reason
}

// insist goes on from the last checkpoint when a worker has died, until it dies again and again without a new one.
func (a *attempt) insist(ctx context.Context) error {
	last, deaths := a.job.checkpoint(), 0
	for {
		err := a.try(ctx)
		if !errors.Is(err, errDied) || ctx.Err() != nil {
			return err
		}
		if now := a.job.checkpoint(); now > last {
			last, deaths = now, 0
		}
		if deaths++; deaths >= a.cfg.Attempts {
			return fail(ReasonInternal, "%v, %d times in a row without a new checkpoint: see %s; a worker that the kernel kills needs more memory", err, deaths, a.job.path("log"))
		}
		a.logger.Warn("worker died, going on from its last checkpoint", "error", err, "checkpoint", last)
	}
}

// try is one start of the worker with all that has to hold before it.
func (a *attempt) try(ctx context.Context) error {
	if a.told { // nothing is written and nothing hashed at each look, which is every few seconds
		if _, err := a.engine.device(ctx, a.queue); err != nil {
			return err
		}
	}
	if err := a.job.save(); err != nil {
		return err
	}
	lock, err := child.TakeOver(ctx, a.job.path("worker.lock"), a.cfg.Grace)
	if err != nil {
		return err
	}
	defer lock.Close()
	var done result
	if err := file.ReadJSON(a.job.path(resultName), &done); err == nil {
		return tell(ctx, a.publisher, a.cfg.Series, a.job, done)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	estimate, device, err := a.prepare(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	if err := a.announce(ctx, estimate, device); err != nil {
		return err
	}
	if err := a.train(ctx, lock); err != nil {
		return err
	}
	done, err = a.result(time.Since(started))
	if err != nil {
		return err
	}
	if err := writeJSON(a.job.path(resultName), done); err != nil {
		return err
	}
	return tell(ctx, a.publisher, a.cfg.Series, a.job, done)
}

// prepare checks everything that can be checked without a worker, so that wrong input fails at once, also where the
// environment is missing.
func (a *attempt) prepare(ctx context.Context) (Estimate, Device, error) {
	if err := a.job.fetch(ctx); err != nil {
		return Estimate{}, Device{}, err
	}
	data, err := a.job.verify()
	if err != nil {
		return Estimate{}, Device{}, err
	}
	base, err := ReadBase(a.job.BasePath)
	if err != nil {
		return Estimate{}, Device{}, err
	}
	if base.Quantized {
		return Estimate{}, Device{}, fail(ReasonContradiction, "the base model is quantized already, so it would load like this whatever the method says: name the unquantized model")
	}
	device, err := a.engine.device(ctx, a.queue)
	if err != nil {
		return Estimate{}, Device{}, err
	}
	estimate, err := fit(base, a.job.Settings, data, device)
	return estimate, device, err
}

func (a *attempt) announce(ctx context.Context, e Estimate, d Device) error {
	settings, err := json.Marshal(a.job.Settings)
	if err != nil {
		return fmt.Errorf("encoding settings: %w", err)
	}
	resumed := a.job.checkpoint()
	a.logger.Info("training starts", "method", a.job.Method, "device", d.Name, "memory", GiB(e.VRAM), "seconds", e.Seconds, "from step", resumed)
	return a.publisher.Publish(ctx, newEvent(&event.TrainingStarted{
		JobId: a.job.ID, DatasetId: a.job.DatasetID, Method: string(a.job.Method), BaseModel: a.job.BaseModel,
		ConfigJson: string(settings), EstimatedVramBytes: e.VRAM, EstimatedSeconds: e.Seconds,
		Engine: a.cfg.Engine, Device: d.Name, ResumedFromStep: resumed,
	}))
}

func (a *attempt) train(ctx context.Context, lock *child.Lock) error {
	r := newReport(a.job.ID, a.cfg.ProgressEvery, a.logger)
	ended, published := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(published)
		r.publish(ctx, a.publisher, ended)
	}()
	err := a.engine.run(ctx, a.job, a.queue, lock, r)
	close(ended)
	<-published
	return err
}

// result trusts the files: the hash is computed, and the rest is in training.json, also where the worker's words went
// into the log of a pod.
func (a *attempt) result(took time.Duration) (result, error) {
	sum, err := file.SHA256(a.job.path("adapter/adapter_model.safetensors"))
	if err != nil {
		return result{}, fail(ReasonInternal, "the worker ended well and left no adapter (%v): see %s", err, a.job.path("log"))
	}
	var training struct {
		Result result `json:"result"`
	}
	if err := file.ReadJSON(a.job.path("adapter/training.json"), &training); err != nil {
		return result{}, fail(ReasonInternal, "the worker left an adapter without training.json (%v): see %s", err, a.job.path("log"))
	}
	done := training.Result
	if done.AdapterSHA256 != "" && done.AdapterSHA256 != sum {
		return result{}, fail(ReasonInternal, "adapter_model.safetensors has the SHA-256 %s, training.json says %s: check the disk", sum, done.AdapterSHA256)
	}
	done.AdapterSHA256 = sum
	if done.Seconds == 0 {
		done.Seconds = int64(took.Seconds())
	}
	return done, nil
}
