package evaluator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/schemas/event"
)

// Evaluator judges one aspect of an answer.
//
// Evaluate is called once for each sampled interaction, from several goroutines at a time. It must be a
// function of the interaction: a replay has to give the same score. An error or a panic becomes a score with
// state error and no value, and does not touch the other evaluators.
type Evaluator interface {
	// Name is the name of the score.
	Name() string
	Evaluate(ctx context.Context, in *event.InteractionCaptured) (Result, error)
}

// Versioned is what evaluators implement to have their version in every score, failures included.
type Versioned interface{ Version() string }

// Result is the verdict of an evaluator.
type Result struct {
	State event.ScoreState
	// Value is 0 to 1, higher is better. Nil where the state has none.
	Value *float64
	Label string
	// Explanation is one sentence for people.
	Explanation string
	// Threshold is the value from which on the answer passes.
	Threshold          float64
	CalibrationVersion string
	Evidence           []*event.Evidence
	Features           map[string]float64
}

// Passed says whether there is a value and it reaches the threshold.
func (r Result) Passed() bool { return r.Value != nil && *r.Value >= r.Threshold }

// ErrNoInteraction is returned for events that carry nothing to judge.
var ErrNoInteraction = errors.New("interaction without a trace id")

type consumer struct {
	cfg        Config
	notFound   string
	evaluators []Evaluator
	logger     *slog.Logger
}

// New returns the handler with the built-in evaluators. The pack supplies the fact table and the phrase for
// "not in the knowledge base"; without one (nil), domain accuracy applies to nothing.
func New(cfg Config, pack *domain.Pack, logger *slog.Logger) (stream.Handler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	evaluators, err := builtin(cfg, pack)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, notFoundPhrase(pack), evaluators, logger), nil
}

func newHandler(cfg Config, notFound string, evaluators []Evaluator, logger *slog.Logger) stream.Handler {
	c := &consumer{cfg: cfg, notFound: notFound, evaluators: evaluators, logger: logger}
	return stream.Route(cfg.Group, stream.On(c.onInteraction))
}

func notFoundPhrase(pack *domain.Pack) string {
	if pack == nil || pack.NotFound == "" {
		return defaultNotFound
	}
	return pack.NotFound
}

// calibration reads the deployment's file, or assumes the configured base rate.
func (c Config) calibration(m calibrate.Model) (calibrate.Calibration, error) {
	if c.CalibrationFile == "" {
		return calibrate.Prior(m, c.UnsupportedRate), nil
	}
	f, err := os.Open(c.CalibrationFile)
	if err != nil {
		return calibrate.Calibration{}, fmt.Errorf("opening RAGLINE_EVALUATOR_CALIBRATION_FILE: %w", err)
	}
	defer f.Close()
	calibration, err := calibrate.ReadCalibration(f)
	if err != nil {
		return calibrate.Calibration{}, fmt.Errorf("reading RAGLINE_EVALUATOR_CALIBRATION_FILE %s: %w", c.CalibrationFile, err)
	}
	return calibration, nil
}
