package promoter

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// resamples of the bootstrap: enough for a share to be within 0.02 in 95 of 100 cases.
const resamples = 2000

// comparison is what the held-out rows say of two versions.
type comparison struct {
	candidate, incumbent map[string]float64
	// notWorse is, for each measure, the share of resamples in which the candidate's mean is at least the incumbent's.
	notWorse map[string]float64
}

// compare takes the rows about which a measure says something for both. Without an incumbent it only takes the means.
// The same rows and names give the same samples.
func compare(candidate, incumbent results, names ...string) comparison {
	out := comparison{map[string]float64{}, map[string]float64{}, map[string]float64{}}
	for _, measure := range measures() {
		if incumbent == nil {
			if mean, ok := meanOf(candidate[measure]); ok {
				out.candidate[measure] = mean
			}
			continue
		}
		var a, b []float64
		for i, value := range candidate[measure] {
			if other := incumbent[measure][i]; value != nil && other != nil {
				a, b = append(a, *value), append(b, *other)
			}
		}
		if len(a) == 0 {
			continue
		}
		out.candidate[measure], out.incumbent[measure] = mean(a), mean(b)
		out.notWorse[measure] = bootstrap(a, b, seedOf(append(names, measure)...))
	}
	return out
}

// bootstrap resamples the pairs: the rows differ much in difficulty, the versions little.
func bootstrap(a, b []float64, seed [32]byte) float64 {
	random := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // repeatable by intent
	won := 0
	for range resamples {
		difference := 0.0
		for range a {
			i := random.IntN(len(a))
			difference += a[i] - b[i]
		}
		if difference >= -1e-9 { // sums of equal values may differ in the last digit
			won++
		}
	}
	return float64(won) / resamples
}

func seedOf(names ...string) [32]byte { return sha256.Sum256([]byte(strings.Join(names, "\x00"))) }

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return math.Round(sum/float64(len(list))*1e9) / 1e9
}

func meanOf(list []*float64) (float64, bool) {
	var values []float64
	for _, v := range list {
		if v != nil {
			values = append(values, *v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	return mean(values), true
}

// verdict applies the settings. Nil is a promotion.
func (c comparison) verdict(cfg Config) error {
	if len(c.candidate) == 0 {
		return reject("nothing_to_compare", "no measure says anything about the answers; see the scores of the environment gate")
	}
	if len(c.incumbent) == 0 {
		return c.floor(cfg.Floor)
	}
	var lost []string
	for _, m := range measures() {
		share, ok := c.notWorse[m]
		if ok && (share < cfg.NotWorse || c.incumbent[m]-c.candidate[m] > cfg.MaxLoss+1e-9) {
			lost = append(lost, fmt.Sprintf("%s %.3f against %.3f (ties or beats it in %.0f %% of the samples)", m, c.candidate[m], c.incumbent[m], 100*share))
		}
	}
	if len(lost) > 0 {
		return reject("worse_than_incumbent", "%s", strings.Join(lost, "; "))
	}
	return nil
}

func (c comparison) floor(least float64) error {
	var values []float64
	var said []string
	for _, m := range measures() {
		if v, ok := c.candidate[m]; ok {
			values = append(values, v)
			said = append(said, fmt.Sprintf("%s %.3f", m, v))
		}
	}
	if got := mean(values); got < least {
		return reject("below_floor", "the mean of the measures is %.3f (%s), RAGLINE_PROMOTER_FLOOR asks for %g", got, strings.Join(said, ", "), least)
	}
	return nil
}
