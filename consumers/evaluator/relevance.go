package evaluator

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/evaluator/feature"
	"github.com/ragline/ragline/schemas/event"
)

// relevantRate is the share of answers that address their question, before anything is known of one.
const relevantRate = 0.9

// relevance is the probability that the answer addresses the question. It says nothing about truth.
type relevance struct {
	model       calibrate.Model
	calibration calibrate.Calibration
	columns     []string
	abstention  *abstention
}

func newRelevance(a *abstention) (*relevance, error) {
	m, err := calibrate.Shipped("relevance")
	if err != nil {
		return nil, fmt.Errorf("loading relevance: %w", err)
	}
	return &relevance{
		model: m, calibration: calibrate.Prior(m, relevantRate), columns: feature.RelevanceNames(), abstention: a,
	}, nil
}

// Name of the score. 1 addresses the question.
func (r *relevance) Name() string { return "relevance" }

// Version of the coefficients.
func (r *relevance) Version() string { return r.model.Version }

// Evaluate works without sources too; with them, a short answer is judged together with the source sentences
// that it rests on. An answer that only repeats the question addresses nothing.
func (r *relevance) Evaluate(ctx context.Context, in *event.InteractionCaptured) (Result, error) {
	if result, ok := unjudged(in); ok {
		return result, nil
	}
	threshold := r.calibration.Threshold(r.model)
	a := analysisOf(ctx, in, r.abstention.notFound)
	if r.abstention.abstains(in, a) {
		return r.abstention.result(a, threshold, true), nil
	}
	vector := a.Relevance()
	features := make(map[string]float64, len(vector))
	for i, name := range r.columns {
		features[name] = vector[i]
	}
	value := r.calibration.Apply(r.model, r.model.Pick(r.columns, vector))
	if a.EchoesQuestion() {
		value = 0
	}
	result := Result{
		State:              event.ScoreState_SCORE_STATE_OK,
		Value:              &value,
		Threshold:          threshold,
		CalibrationVersion: r.calibration.Version,
		Label:              "relevant",
		Explanation:        explainRelevance(a),
		Features:           features,
	}
	if !result.Passed() {
		result.Label = "off topic"
	}
	return result, nil
}

func explainRelevance(a *analysis) string {
	if a.EchoesQuestion() {
		return "The answer only repeats the question."
	}
	missing := a.MissingOfQuestion()
	if len(missing) == 0 {
		return "The answer, with the source sentences it rests on, covers every word of the question."
	}
	return fmt.Sprintf("The answer and the source sentences it rests on do not take up %q of the question.", strings.Join(missing, ", "))
}
