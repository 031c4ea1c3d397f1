package calibrate

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Set is labelled data. Rows of one group stay in one fold.
type Set struct {
	Rows   [][]float64
	Labels []bool
	Groups []string
}

// Positives counts the positive labels.
func (s Set) Positives() int {
	n := 0
	for _, l := range s.Labels {
		if l {
			n++
		}
	}
	return n
}

// Join puts sets behind each other.
func Join(sets ...Set) Set {
	var all Set
	for _, s := range sets {
		all.Rows = append(all.Rows, s.Rows...)
		all.Labels = append(all.Labels, s.Labels...)
		all.Groups = append(all.Groups, s.Groups...)
	}
	return all
}

// Report is the outcome of a cross-validation.
type Report struct {
	AUROC, Low, High float64
	// BalancedAccuracy and F1 at cuts that were chosen on the training folds.
	BalancedAccuracy, F1, ECE float64
	// Probabilities are out of fold, in the order of the rows.
	Probabilities []float64
}

// CrossValidate fits on all folds but one and scores that one, for each of the folds.
// The cut is the best F1 on the training folds.
func CrossValidate(o Options, s Set, folds int, seed uint64) (Report, error) {
	fold := assign(s.Groups, folds, seed)
	report := Report{Probabilities: make([]float64, len(s.Rows))}
	flagged := make([]bool, len(s.Rows))
	for f := range folds {
		var train Set
		for i := range s.Rows {
			if fold[i] != f {
				train.Rows = append(train.Rows, s.Rows[i])
				train.Labels = append(train.Labels, s.Labels[i])
			}
		}
		m, err := Fit(o, train.Rows, train.Labels)
		if err != nil {
			return Report{}, err
		}
		cut := BestCut(m.probabilities(train.Rows), train.Labels, Counts.F1)
		for i := range s.Rows {
			if fold[i] == f {
				report.Probabilities[i] = m.Probability(s.Rows[i])
				flagged[i] = report.Probabilities[i] >= cut
			}
		}
	}
	counts := Count(flagged, s.Labels)
	report.BalancedAccuracy, report.F1 = counts.BalancedAccuracy(), counts.F1()
	report.ECE = ECE(report.Probabilities, s.Labels, 10)
	report.AUROC = AUROC(report.Probabilities, s.Labels)
	report.Low, report.High = Interval(report.Probabilities, s.Labels, s.Groups, seed)
	return report, nil
}

func (m Model) probabilities(rows [][]float64) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = m.Probability(r)
	}
	return out
}

// assign shuffles the groups and deals them to the folds.
func assign(groups []string, folds int, seed uint64) []int {
	names := distinct(groups)
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	of := make(map[string]int, len(names))
	for i, n := range names {
		of[n] = i % folds
	}
	out := make([]int, len(groups))
	for i, g := range groups {
		out[i] = of[g]
	}
	return out
}

func distinct(groups []string) []string {
	seen := make(map[string]struct{}, len(groups))
	var names []string
	for _, g := range groups {
		if _, ok := seen[g]; !ok {
			seen[g] = struct{}{}
			names = append(names, g)
		}
	}
	sort.Strings(names)
	return names
}

// Interval is the 95 % bootstrap interval of AUROC, drawn over groups.
func Interval(scores []float64, labels []bool, groups []string, seed uint64) (low, high float64) {
	const draws = 1000
	members := make(map[string][]int)
	for i, g := range groups {
		members[g] = append(members[g], i)
	}
	names := distinct(groups)
	r := rand.New(rand.NewPCG(seed, 2))
	var values []float64
	for range draws {
		var s []float64
		var l []bool
		for range names {
			for _, i := range members[names[r.IntN(len(names))]] {
				s = append(s, scores[i])
				l = append(l, labels[i])
			}
		}
		if v := AUROC(s, l); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	sort.Float64s(values)
	return values[len(values)*25/1000], values[len(values)*975/1000]
}
