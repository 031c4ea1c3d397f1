package evaluator

import (
	"context"
	"fmt"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/evaluator/feature"
	"github.com/ragline/ragline/schemas/event"
)

// hallucination is the probability that the answer says nothing beyond its sources.
type hallucination struct {
	model       calibrate.Model
	calibration calibrate.Calibration
	columns     []string
	abstention  *abstention
}

func newHallucination(cfg Config, a *abstention) (*hallucination, error) {
	m, err := calibrate.Shipped("hallucination")
	if err != nil {
		return nil, fmt.Errorf("loading hallucination: %w", err)
	}
	c, err := cfg.calibration(m)
	if err != nil {
		return nil, err
	}
	return &hallucination{model: m, calibration: c, columns: feature.Names(), abstention: a}, nil
}

// Name of the score. 1 is free of hallucination.
func (h *hallucination) Name() string { return "hallucination" }

// Version of the coefficients.
func (h *hallucination) Version() string { return h.model.Version }

// Evaluate computes the features and the calibrated probability.
func (h *hallucination) Evaluate(ctx context.Context, in *event.InteractionCaptured) (Result, error) {
	if r, ok := unjudged(in); ok {
		return r, nil
	}
	threshold := 1 - h.calibration.Threshold(h.model)
	a := analysisOf(ctx, in, h.abstention.notFound)
	if h.abstention.abstains(in, a) {
		return h.abstention.result(a, threshold, false), nil
	}
	if !a.HasContext() {
		return noContext(threshold), nil
	}
	vector := a.Vector()
	value := 1 - h.calibration.Apply(h.model, h.model.Pick(h.columns, vector[:]))
	evidence := a.evidence()
	r := Result{
		State:              event.ScoreState_SCORE_STATE_OK,
		Value:              &value,
		Threshold:          threshold,
		CalibrationVersion: h.calibration.Version,
		Evidence:           evidence,
		Features:           vector.Map(),
		Label:              "supported",
		Explanation:        summary(evidence),
	}
	if !r.Passed() {
		r.Label = "hallucinated"
	}
	return r, nil
}
