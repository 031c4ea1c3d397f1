package calibrate_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
)

// noisy returns rows whose first column decides, with noise; groups of three rows.
func noisy(n int) calibrate.Set {
	r := rand.New(rand.NewPCG(1, 2))
	var s calibrate.Set
	for i := range n {
		x := r.NormFloat64()
		s.Rows = append(s.Rows, []float64{10 + 3*x, r.NormFloat64()})
		s.Labels = append(s.Labels, 1/(1+math.Exp(-2*x)) > r.Float64())
		s.Groups = append(s.Groups, string(rune('a'+i/3%20))+string(rune('a'+i/60)))
	}
	return s
}

func TestFitFindsTheSlopeThatMadeTheLabels(t *testing.T) {
	t.Parallel()
	s := noisy(3000)
	m, err := calibrate.Fit(calibrate.Options{Names: []string{"x", "noise"}, Penalty: 1}, s.Rows, s.Labels)
	require.NoError(t, err)
	require.InDelta(t, 2, m.Weights[0], 0.15)
	require.InDelta(t, 0, m.Weights[1], 0.1)
	require.InDelta(t, 0.5, m.Probability(m.Mean), 0.05)
}

func TestFitRefusesRowsOfAnotherShape(t *testing.T) {
	t.Parallel()
	_, err := calibrate.Fit(calibrate.Options{Names: []string{"x"}}, [][]float64{{1, 2}}, []bool{true})
	require.ErrorIs(t, err, calibrate.ErrShape)
	_, err = calibrate.Fit(calibrate.Options{}, nil, nil)
	require.ErrorIs(t, err, calibrate.ErrNoRows)
}

func TestAUROCCountsTiesAsHalf(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 1, calibrate.AUROC([]float64{1, 2, 3}, []bool{false, true, true}), 0)
	require.InDelta(t, 0.5, calibrate.AUROC([]float64{1, 1}, []bool{false, true}), 0)
	require.InDelta(t, 0.75, calibrate.AUROC([]float64{1, 2, 2, 3}, []bool{false, false, true, false, true}[1:]), 0.26)
	require.True(t, math.IsNaN(calibrate.AUROC([]float64{1}, []bool{true})))
}

func TestCountsOfDecisions(t *testing.T) {
	t.Parallel()
	c := calibrate.Count([]bool{true, true, false, false}, []bool{true, false, true, false})
	require.Equal(t, calibrate.Counts{TP: 1, FP: 1, FN: 1, TN: 1}, c)
	require.InDelta(t, 0.5, c.F1(), 0)
	require.InDelta(t, 0.5, c.BalancedAccuracy(), 0)
}

func TestECEIsTheGapBetweenSayingAndBeing(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 0.1, calibrate.ECE([]float64{0.9, 0.9}, []bool{true, true}, 10), 1e-12)
	require.InDelta(t, 0.5, calibrate.ECE([]float64{1, 1}, []bool{true, false}, 10), 1e-12)
}

func TestCrossValidationIsRepeatableAndHonest(t *testing.T) {
	t.Parallel()
	s := noisy(600)
	o := calibrate.Options{Names: []string{"x", "noise"}, Penalty: 1}
	a, err := calibrate.CrossValidate(o, s, 5, 7)
	require.NoError(t, err)
	b, err := calibrate.CrossValidate(o, s, 5, 7)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.InDelta(t, 0.87, a.AUROC, 0.05)
	require.Less(t, a.Low, a.AUROC)
	require.Greater(t, a.High, a.AUROC)
	require.Less(t, a.ECE, 0.08)
}

func TestPriorMovesTheProbabilityAndTheThresholdTogether(t *testing.T) {
	t.Parallel()
	m, err := calibrate.Shipped("hallucination")
	require.NoError(t, err)
	same := calibrate.Prior(m, m.BaseRate)
	require.InDelta(t, m.Cut, same.Threshold(m), 1e-12)
	low := calibrate.Prior(m, 0.05)
	require.Less(t, low.Threshold(m), same.Threshold(m))
	require.Less(t, low.Apply(m, m.Mean), same.Apply(m, m.Mean))
	require.Equal(t, "prior-0.05", low.Version)
}

func TestCalibrationLearnsFromLabels(t *testing.T) {
	t.Parallel()
	s := noisy(2000)
	m, err := calibrate.Fit(calibrate.Options{Names: []string{"x", "noise"}, Penalty: 1}, s.Rows, s.Labels)
	require.NoError(t, err)
	m.Intercept += 3 // a deployment with another base rate
	c, err := calibrate.FitCalibration("mine-1", m, s.Rows, s.Labels)
	require.NoError(t, err)
	before, after := make([]float64, len(s.Rows)), make([]float64, len(s.Rows))
	for i, r := range s.Rows {
		before[i], after[i] = m.Probability(r), c.Apply(m, r)
	}
	require.Greater(t, calibrate.ECE(before, s.Labels, 10), 0.25)
	require.Less(t, calibrate.ECE(after, s.Labels, 10), 0.05)
}

func TestCalibrationFileIsChecked(t *testing.T) {
	t.Parallel()
	c, err := calibrate.ReadCalibration(strings.NewReader(`{"version":"a-1","slope":0.9,"intercept":-1}`))
	require.NoError(t, err)
	require.Equal(t, calibrate.Calibration{Version: "a-1", Slope: 0.9, Intercept: -1}, c)
	for _, bad := range []string{`{"version":"a","slope":0}`, `{"slope":1}`, `{"version":"a","slope":1,"typo":1}`, `x`} {
		_, err := calibrate.ReadCalibration(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
}

func TestShippedModelsAreComplete(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hallucination", "answerability", "relevance"} {
		m, err := calibrate.Shipped(name)
		require.NoError(t, err)
		require.NotEmpty(t, m.Version)
		require.NotEmpty(t, m.About)
		require.Greater(t, m.BaseRate, 0.0)
	}
	_, err := calibrate.Shipped("nothing")
	require.ErrorIs(t, err, calibrate.ErrUnknownModel)
}
