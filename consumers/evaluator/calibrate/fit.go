package calibrate

import (
	"fmt"
	"math"
)

// Options of a fit.
type Options struct {
	// Names of the columns. Required.
	Names []string
	// Penalty on the squared standardised weights; none on the intercept.
	Penalty float64
}

const (
	maxNewtonSteps = 12
	tolerance      = 1e-5
)

// Fit returns the ridge logistic regression of the labels on the rows.
func Fit(o Options, rows [][]float64, labels []bool) (Model, error) {
	if len(rows) == 0 {
		return Model{}, ErrNoRows
	}
	if len(rows) != len(labels) || len(rows[0]) != len(o.Names) {
		return Model{}, fmt.Errorf("fitting %d rows of %d columns: %w", len(rows), len(o.Names), ErrShape)
	}
	mean, sd := moments(rows)
	m := Model{Features: o.Names, Mean: mean, SD: sd, Weights: make([]float64, len(o.Names)), Cut: 0.5}
	m.BaseRate = float64(Set{Labels: labels}.Positives()) / float64(len(labels))
	for range maxNewtonSteps {
		gradient, hessian := m.derivatives(rows, labels, o.Penalty)
		step, err := solve(hessian, gradient)
		if err != nil {
			return Model{}, fmt.Errorf("solving newton step: %w", err)
		}
		largest := 0.0
		for i, s := range step[:len(m.Weights)] {
			m.Weights[i] += s
			largest = max(largest, math.Abs(s))
		}
		m.Intercept += step[len(m.Weights)]
		if max(largest, math.Abs(step[len(m.Weights)])) < tolerance {
			break
		}
	}
	return m, nil
}

// derivatives returns the gradient and the negated Hessian of the penalised log likelihood; the
// intercept stands last.
func (m Model) derivatives(rows [][]float64, labels []bool, penalty float64) ([]float64, [][]float64) {
	n := len(m.Weights)
	gradient := make([]float64, n+1)
	hessian := make([][]float64, n+1)
	for i := range hessian {
		hessian[i] = make([]float64, n+1)
	}
	x := make([]float64, n+1)
	x[n] = 1
	for r, row := range rows {
		for i := range n {
			x[i] = (row[i] - m.Mean[i]) / m.SD[i]
		}
		p := m.Probability(row)
		residual := -p
		if labels[r] {
			residual = 1 - p
		}
		weight := max(p*(1-p), 1e-9)
		for i := range x {
			gradient[i] += residual * x[i]
			for j := range i + 1 {
				hessian[i][j] += weight * x[i] * x[j]
			}
		}
	}
	for i := range n {
		gradient[i] -= penalty * m.Weights[i]
		hessian[i][i] += penalty
	}
	for i := range hessian {
		for j := range i {
			hessian[j][i] = hessian[i][j]
		}
	}
	return gradient, hessian
}

func moments(rows [][]float64) (mean, sd []float64) {
	columns := len(rows[0])
	mean, sd = make([]float64, columns), make([]float64, columns)
	for _, row := range rows {
		for i, v := range row {
			mean[i] += v / float64(len(rows))
		}
	}
	for _, row := range rows {
		for i, v := range row {
			sd[i] += (v - mean[i]) * (v - mean[i]) / float64(len(rows))
		}
	}
	for i := range sd {
		sd[i] = math.Sqrt(sd[i])
		if sd[i] < 1e-9 { // a column that never varies says nothing
			sd[i] = 1
		}
	}
	return mean, sd
}
