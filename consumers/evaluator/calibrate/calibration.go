package calibrate

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Calibration maps a model's probability to the one that holds in a deployment (Platt's method:
// a line through the logits). Ranking transfers between data sets, probabilities do not,
// so its version is kept apart from the model's.
type Calibration struct {
	Version   string  `json:"version"`
	Slope     float64 `json:"slope"`
	Intercept float64 `json:"intercept"`
}

// ReadCalibration reads a calibration as JSON.
func ReadCalibration(r io.Reader) (Calibration, error) {
	var c Calibration
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Calibration{}, fmt.Errorf("decoding calibration: %w", err)
	}
	if c.Version == "" || c.Slope <= 0 {
		return Calibration{}, fmt.Errorf("checking calibration %q: version must be set and slope above 0", c.Version)
	}
	return c, nil
}

// Apply returns the calibrated probability of a row.
func (c Calibration) Apply(m Model, values []float64) float64 {
	return sigmoid(c.Slope*m.logit(values) + c.Intercept)
}

// FitCalibration fits the line on labelled rows of the deployment. A weak prior on (1, 0) keeps it
// sane with few labels; below about 100 labels it mostly moves the intercept.
func FitCalibration(version string, m Model, rows [][]float64, labels []bool) (Calibration, error) {
	logits := make([][]float64, len(rows))
	for i, r := range rows {
		logits[i] = []float64{m.logit(r)}
	}
	line, err := Fit(Options{Names: []string{"logit"}, Penalty: 1}, logits, labels)
	if err != nil {
		return Calibration{}, fmt.Errorf("fitting calibration %q: %w", version, err)
	}
	slope := line.Weights[0] / line.SD[0]
	return Calibration{Version: version, Slope: max(slope, 1e-3), Intercept: line.Intercept - slope*line.Mean[0]}, nil
}

// Prior is the calibration that moves a model from the base rate of its fit to the one that is expected in
// the deployment: the best guess before any feedback.
func Prior(m Model, rate float64) Calibration {
	return Calibration{
		Version:   fmt.Sprintf("prior-%g", rate),
		Slope:     1,
		Intercept: logOdds(rate) - logOdds(m.BaseRate),
	}
}

// Threshold returns the calibrated probability of the model's cut: the decision stays where it was fitted.
func (c Calibration) Threshold(m Model) float64 { return sigmoid(c.Slope*logOdds(m.Cut) + c.Intercept) }

func logOdds(p float64) float64 { return math.Log(p / (1 - p)) }
