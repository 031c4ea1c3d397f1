package calibrate

import (
	"errors"
	"math"
)

var errSingular = errors.New("matrix is singular")

// solve returns x with a x = b by Gaussian elimination with partial pivoting. It overwrites both.
func solve(a [][]float64, b []float64) ([]float64, error) {
	n := len(b)
	for column := range n {
		pivot := column
		for row := column + 1; row < n; row++ {
			if math.Abs(a[row][column]) > math.Abs(a[pivot][column]) {
				pivot = row
			}
		}
		if math.Abs(a[pivot][column]) < 1e-12 {
			return nil, errSingular
		}
		a[column], a[pivot] = a[pivot], a[column]
		b[column], b[pivot] = b[pivot], b[column]
		for row := column + 1; row < n; row++ {
			factor := a[row][column] / a[column][column]
			for k := column; k < n; k++ {
				a[row][k] -= factor * a[column][k]
			}
			b[row] -= factor * b[column]
		}
	}
	for row := n - 1; row >= 0; row-- {
		for k := row + 1; k < n; k++ {
			b[row] -= a[row][k] * b[k]
		}
		b[row] /= a[row][row]
	}
	return b, nil
}
