package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/sdk"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// ErrNotPromoted says that the loop ended before a new model answered.
var ErrNotPromoted = errors.New("no new model answers")

// errStop ends the reading of the log.
var errStop = errors.New("stop")

// factory follows one dataset on its way to the model that answers.
type factory struct {
	out     *term.Printer
	dataset string
	// job is the one that the trainer makes of the dataset, until the log names another one. version is known once the log names it.
	job, version string
	promoted     *event.ModelPromoted
	refusal      error
	lastStep     time.Time
}

// stepEvery thins the lines of a training: people read them.
const stepEvery = 2 * time.Second

// follow prints what becomes of a dataset until a model that was trained on it is promoted. It returns ErrNotPromoted with
// the reason when none will be.
func (d *Demo) follow(ctx context.Context, ready *event.DatasetReady) (*event.ModelPromoted, error) {
	// A job that fails before it starts never names its dataset in the log.
	job, err := trainer.NewJob(d.Trainer, ready)
	if err != nil {
		return nil, err
	}
	f := &factory{out: d.Out, dataset: ready.GetDatasetId(), job: job.ID}
	err = d.Broker.Follow(ctx, broker.FollowConfig{Topics: []string{topic.Training, topic.Models}}, f.take)
	switch {
	case errors.Is(err, errStop) && f.refusal == nil:
		return f.promoted, nil
	case errors.Is(err, errStop):
		return nil, fmt.Errorf("%w: %w", ErrNotPromoted, f.refusal)
	case err != nil:
		return nil, fmt.Errorf("following the training: %w", err)
	}
	return nil, ctx.Err()
}

func (f *factory) take(r event.Record) error {
	e, err := topic.Decode(r)
	if err != nil {
		return nil //nolint:nilerr // what is no event is not shown; the sink stores it
	}
	if m, ok := e.Data.(interface{ GetJobId() string }); ok && f.isTraining(m) {
		return f.training(e)
	}
	if m, ok := e.Data.(interface{ GetVersion() string }); ok && f.version != "" && m.GetVersion() == f.version {
		return f.model(e)
	}
	return nil
}

// isTraining learns of another job, such as one with settings of before, from an event that names the dataset.
func (f *factory) isTraining(m interface{ GetJobId() string }) bool {
	if named, ok := m.(interface{ GetDatasetId() string }); ok && named.GetDatasetId() == f.dataset {
		f.job = m.GetJobId()
	}
	return f.job != "" && m.GetJobId() == f.job
}

func (f *factory) training(e event.Event) error {
	switch m := e.Data.(type) {
	case *event.TrainingStarted:
		f.out.Linef("training  %s of %s on %s, about %s", m.GetMethod(), m.GetBaseModel(), m.GetDevice(), time.Duration(m.GetEstimatedSeconds())*time.Second)
	case *event.TrainingProgressed:
		if m.EvalLoss != nil {
			f.out.Linef("%s", f.out.Dim(fmt.Sprintf("    held-out loss %.3f after step %d", m.GetEvalLoss(), m.GetStep())))
			return nil
		}
		if time.Since(f.lastStep) < stepEvery && m.GetStep() < m.GetTotalSteps() {
			return nil
		}
		f.lastStep = time.Now()
		f.out.Linef("%s", f.out.Dim(fmt.Sprintf("    step %d of %d, loss %.3f, %.0f tokens/s", m.GetStep(), m.GetTotalSteps(), m.GetLoss(), m.GetTokensPerSecond())))
	case *event.TrainingFinished:
		f.out.Linef("trained   in %s, loss %.3f, held-out loss %.3f", time.Duration(m.GetSeconds())*time.Second, m.GetTrainLoss(), m.GetEvalLoss())
	case *event.TrainingBlocked:
		f.out.Linef("training  waits (%s): run %s; it goes on by itself", m.GetReason(), m.GetCommand())
	case *event.TrainingFailed:
		return f.refuse(fmt.Errorf("training failed (%s): %s", m.GetReason(), m.GetMessage()))
	case *event.ModelTrained:
		f.version = m.GetVersion()
	}
	return nil
}

func (f *factory) model(e event.Event) error {
	switch m := e.Data.(type) {
	case *event.ModelPackaged:
		f.out.Linef("packaged  %s %s, %d bytes; %d prompts equal those of training", m.GetServedName(), m.GetQuantization(), m.GetBytes(), m.GetParityPrompts())
		if m.GetServedName() == "" {
			return f.refuse(errors.New("there is no Ollama that could serve the model: start one, then run ragline model package"))
		}
	case *event.ModelEvaluated:
		f.out.Linef("judged    on %d held-out questions, against %s", m.GetQuestions(), incumbent(m))
	case *event.ModelRejected:
		return f.refuse(fmt.Errorf("the %s rejected it (%s): %s", m.GetStage(), m.GetReason(), m.GetMessage()))
	case *event.ModelPromoted:
		f.promoted = m
		f.out.Linef("promoted  %s", f.out.Good(m.GetServedName()))
		return errStop
	}
	return nil
}

func (f *factory) refuse(why error) error {
	f.refusal = why
	return errStop
}

func incumbent(m *event.ModelEvaluated) string {
	if m.GetIncumbent() == "" {
		return "the floors, since no model was promoted before"
	}
	return m.GetIncumbent()
}

// approve gives a thumbs-up to an answer that every evaluator passes, as a satisfied user would.
func (d *Demo) approve(ctx context.Context, a *sdk.Answer, all []*event.ScoreGiven) error {
	for _, s := range all {
		if s.Value != nil && !s.GetPassed() {
			return nil
		}
	}
	if !a.GetSuccess() || len(all) == 0 {
		return nil
	}
	_, err := d.Client.Feedback(ctx, sdk.Feedback{TraceID: a.GetTraceId(), Value: 1, UserID: "demo"})
	return err
}

// train waits for the model that is trained on a dataset to be promoted, and asks it.
func (d *Demo) train(ctx context.Context, ready *event.DatasetReady) error {
	promoted, err := d.follow(ctx, ready)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	for {
		answer, err := d.Client.Ask(asking, sdk.Question{Text: d.Pack.Questions[0].Question, Tags: []string{"demo", "factory"}})
		if err != nil {
			return fmt.Errorf("asking the new model: %w", err)
		}
		if answer.GetModel() != promoted.GetServedName() {
			if err := broker.Pause(asking, time.Second/2); err != nil { // the agent has not read of the promotion yet
				return fmt.Errorf("%w: %s answered, not %s", ErrNotPromoted, answer.GetModel(), promoted.GetServedName())
			}
			continue
		}
		d.Out.Linef("\n%s", d.Out.Bold(d.Pack.Questions[0].Question))
		d.printAnswer(answer)
		return nil
	}
}
