package calibrate

import (
	"math"
	"sort"
)

// AUROC is the probability that a positive row scores above a negative one; ties count half.
// It is NaN without both classes.
func AUROC(scores []float64, labels []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return scores[order[i]] < scores[order[j]] })
	var rankSum, positives float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		rank := float64(i+j+1) / 2
		for _, k := range order[i:j] {
			if labels[k] {
				rankSum += rank
				positives++
			}
		}
		i = j
	}
	negatives := float64(len(labels)) - positives
	if positives == 0 || negatives == 0 {
		return math.NaN()
	}
	return (rankSum - positives*(positives+1)/2) / (positives * negatives)
}

// Counts of decisions against labels.
type Counts struct{ TP, FP, TN, FN float64 }

// Count compares decisions with labels.
func Count(flagged, labels []bool) Counts {
	var c Counts
	for i, f := range flagged {
		switch {
		case f && labels[i]:
			c.TP++
		case f:
			c.FP++
		case labels[i]:
			c.FN++
		default:
			c.TN++
		}
	}
	return c
}

// Recall is the share of positives that were found.
func (c Counts) Recall() float64 { return ratio(c.TP, c.TP+c.FN) }

// Precision is the share of flagged rows that are positive.
func (c Counts) Precision() float64 { return ratio(c.TP, c.TP+c.FP) }

// BalancedAccuracy is the mean of the recalls of both classes.
func (c Counts) BalancedAccuracy() float64 { return (c.Recall() + ratio(c.TN, c.TN+c.FP)) / 2 }

// F1 of the positive class.
func (c Counts) F1() float64 { return ratio(2*c.TP, 2*c.TP+c.FP+c.FN) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// ECE is the expected calibration error over bins of equal width.
func ECE(probabilities []float64, labels []bool, bins int) float64 {
	count, sum, positive := make([]float64, bins), make([]float64, bins), make([]float64, bins)
	for i, p := range probabilities {
		b := min(int(p*float64(bins)), bins-1)
		count[b]++
		sum[b] += p
		if labels[i] {
			positive[b]++
		}
	}
	e := 0.0
	for b := range bins {
		e += math.Abs(sum[b]-positive[b]) / float64(len(labels))
	}
	return e
}

// Objective rates a set of decisions; higher is better.
type Objective func(Counts) float64

// BestCut returns the cut that maximises the objective, among at most 120 candidates between the scores.
func BestCut(scores []float64, labels []bool, objective Objective) float64 {
	sorted := append([]float64(nil), scores...)
	sort.Float64s(sorted)
	const candidates = 120
	best, cut := math.Inf(-1), 0.5
	flagged := make([]bool, len(scores))
	for c := range candidates {
		at := sorted[c*(len(sorted)-1)/(candidates-1)]
		for i, s := range scores {
			flagged[i] = s >= at
		}
		if v := objective(Count(flagged, labels)); v > best {
			best, cut = v, at
		}
	}
	return cut
}
