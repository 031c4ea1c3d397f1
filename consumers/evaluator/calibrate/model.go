package calibrate

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

//go:embed coefficients/*.json
var shipped embed.FS

// Sentinels of this package.
var (
	ErrNoRows       = errors.New("no rows to fit")
	ErrShape        = errors.New("rows and names differ in length")
	ErrUnknownModel = errors.New("unknown model")
)

// Model is a logistic regression over named, standardised features.
type Model struct {
	// Version names the fit. It goes into every score.
	Version string `json:"version"`
	// About says what the model was fitted on and what its probability means.
	About     string    `json:"about"`
	Features  []string  `json:"features"`
	Mean      []float64 `json:"mean"`
	SD        []float64 `json:"sd"`
	Weights   []float64 `json:"weights"`
	Intercept float64   `json:"intercept"`
	// BaseRate is the share of positive rows in the fit.
	BaseRate float64 `json:"base_rate"`
	// Cut is the probability from which on a row counts as positive.
	Cut float64 `json:"cut"`
}

// Shipped returns an embedded model: "hallucination", "answerability" or "relevance".
func Shipped(name string) (Model, error) {
	raw, err := shipped.ReadFile("coefficients/" + name + ".json")
	if err != nil {
		return Model{}, fmt.Errorf("reading coefficients %q: %w", name, ErrUnknownModel)
	}
	var m Model
	if err := json.Unmarshal(raw, &m); err != nil {
		return Model{}, fmt.Errorf("decoding coefficients %q: %w", name, err)
	}
	if n := len(m.Features); n == 0 || len(m.Mean) != n || len(m.SD) != n || len(m.Weights) != n {
		return Model{}, fmt.Errorf("checking coefficients %q: %w", name, ErrShape)
	}
	return m, nil
}

// Probability returns the probability of the positive class, 0 to 1.
// The values stand in the order of Features.
func (m Model) Probability(values []float64) float64 { return sigmoid(m.logit(values)) }

func (m Model) logit(values []float64) float64 {
	z := m.Intercept
	for i, w := range m.Weights {
		z += w * (values[i] - m.Mean[i]) / m.SD[i]
	}
	return z
}

// Pick returns the columns of a vector that the model uses, by name.
func (m Model) Pick(names []string, vector []float64) []float64 {
	index := make(map[string]int, len(names))
	for i, n := range names {
		index[n] = i
	}
	out := make([]float64, len(m.Features))
	for i, f := range m.Features {
		out[i] = vector[index[f]]
	}
	return out
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}
