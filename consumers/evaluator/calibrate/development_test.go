package calibrate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/evaluator/calibrate"
	"github.com/ragline/ragline/consumers/evaluator/feature"
)

var update = flag.Bool("update", false, "rewrite the shipped coefficients")

const (
	folds = 5
	// seeds: one deal of groups into folds moves AUROC by about .005, so the table shows means of five.
	seeds = 5
)

// TestDevelopmentSets prints the table of BENCHMARKS.md and holds the figures that the project promises.
func TestDevelopmentSets(t *testing.T) {
	dir := dataFolder(t)
	t.Log("| set | n / positive | LR 18 AUROC [95 %] | BA / F1 / ECE | LR 24 AUROC | best single | length alone | incumbent AUROC | incumbent recall |")
	for _, s := range []struct {
		name, task string
		least      float64
	}{
		{"begin_wow_dev", "", .96},
		{"begin_cmu_dev", "", .96},
		{"begin_tc_dev", "", .93},
		{"ragtruth_train_small", "QA", .78},
		{"ragtruth_train_small", "Summary", 0},
		{"halueval", "", .99},
	} {
		examples := haluEval(t, dir)
		if s.name != "halueval" {
			examples = labelledExamples(t, dir, s.name, s.task)
		}
		full := set(examples, feature.Names())
		lr18 := crossValidate(t, feature.Names()[:18], columns(full, feature.Names(), feature.Names()[:18]), 1)
		lr24 := crossValidate(t, feature.Names(), full, 1)
		name, best := bestSingle(full)
		overlap, recall := incumbent(examples)
		t.Logf("| %s %s | %d / %d | %.3f [%.3f, %.3f] | %.3f / %.3f / %.3f | %.3f | %s %.3f | %.3f | %.3f | %.1f %% |",
			s.name, s.task, len(full.Rows), full.Positives(), lr18.AUROC, lr18.Low, lr18.High, lr18.BalancedAccuracy, lr18.F1,
			lr18.ECE, lr24.AUROC, name, best, single(full, "loglen"), overlap, 100*recall)
		require.GreaterOrEqual(t, lr18.AUROC, s.least, s.name)
	}
}

// TestShippedModels fits what is shipped, measures it on sets that it was not fitted on, and compares it with
// the embedded coefficients.
func TestShippedModels(t *testing.T) {
	dir := dataFolder(t)
	t.Run("hallucination", func(t *testing.T) { hallucination(t, dir) })
	t.Run("answerability", func(t *testing.T) { answerability(t, dir) })
	t.Run("relevance", func(t *testing.T) { relevance(t, dir) })
}

func hallucination(t *testing.T, dir string) {
	// The first 13 features: length, negation and coverage of the question transfer badly.
	names := feature.Names()[:13]
	var fit calibrate.Set
	for _, name := range []string{"begin_wow_dev", "begin_cmu_dev", "begin_tc_dev"} {
		fit = calibrate.Join(fit, set(labelledExamples(t, dir, name, ""), names))
	}
	m := ship(t, "hallucination", "hallucination-2026.11.1",
		"Probability that an answer is not supported by its passages. Fitted on the development sets of BEGIN: "+
			"Wizard of Wikipedia and CMU-DoG (CC BY 4.0) and Topical-Chat (CDLA-Sharing 1.0), google/BEGIN-dataset.",
		names, fit, 10)
	prior := calibrate.Prior(m, .2)
	t.Logf("cut %.3f, after the prior %.3f", m.Cut, prior.Threshold(m))
	t.Log("| not fitted on | n / positive | AUROC [95 %] | BA at the shipped cut | ECE before prior | ECE with prior 0.2 |")
	for _, s := range []struct {
		name     string
		examples []example
	}{
		{"ragtruth QA", labelledExamples(t, dir, "ragtruth_train_small", "QA")},
		{"ragtruth Summary", labelledExamples(t, dir, "ragtruth_train_small", "Summary")},
		{"HaluEval-QA", haluEval(t, dir)},
		{"CLAPnq, foreign answer appended", foreignSentences(t, dir)},
	} {
		held := set(s.examples, names)
		before, after := make([]float64, len(held.Rows)), make([]float64, len(held.Rows))
		flagged := make([]bool, len(held.Rows))
		for i, row := range held.Rows {
			before[i], after[i] = m.Probability(row), prior.Apply(m, row)
			flagged[i] = before[i] >= m.Cut
		}
		low, high := calibrate.Interval(before, held.Labels, held.Groups, 1)
		t.Logf("| %s | %d / %d | %.3f [%.3f, %.3f] | %.3f | %.3f | %.3f |", s.name, len(held.Rows), held.Positives(),
			calibrate.AUROC(before, held.Labels), low, high, calibrate.Count(flagged, held.Labels).BalancedAccuracy(),
			calibrate.ECE(before, held.Labels, 10), calibrate.ECE(after, held.Labels, 10))
	}
	sentenceCut(t, dir)
}

// sentenceCut measures the share of a sentence that the grounding evaluator asks for.
func sentenceCut(t *testing.T, dir string) {
	var s calibrate.Set
	for _, name := range []string{"begin_wow_dev", "begin_cmu_dev", "begin_tc_dev"} {
		s = calibrate.Join(s, set(labelledExamples(t, dir, name, ""), []string{"smean"}))
	}
	risk := make([]float64, len(s.Rows))
	for i, r := range s.Rows {
		risk[i] = r[0]
	}
	cut := calibrate.BestCut(risk, s.Labels, calibrate.Counts.BalancedAccuracy)
	flagged := make([]bool, len(risk))
	for i, r := range risk {
		flagged[i] = r >= cut
	}
	t.Logf("grounding: best cut of mean overlap %.3f, BA %.3f, AUROC %.3f (BEGIN)", 1-cut,
		calibrate.Count(flagged, s.Labels).BalancedAccuracy(), calibrate.AUROC(risk, s.Labels))
}

func answerability(t *testing.T, dir string) {
	var s calibrate.Set
	for _, r := range clapRows(t, dir) {
		s.Rows = append(s.Rows, feature.Analyse(newInput(r.Question, "", r.Title, r.Passage)).Answerability())
		s.Labels = append(s.Labels, r.Answerable == 1)
		s.Groups = append(s.Groups, r.Passage)
	}
	m := ship(t, "answerability", "answerability-2026.11.1",
		"Probability that the passages answer the question. Fitted on the development set of CLAPnq (Apache-2.0), primeqa/clapnq.",
		feature.AnswerabilityNames(), s, 10)
	report := crossValidate(t, m.Features, s, 10)
	require.GreaterOrEqual(t, report.AUROC, .75)
	for _, band := range []float64{.5, .35, .3, .25, .2} {
		var wrongYes, yes, wrongNo, no int
		for i, p := range report.Probabilities {
			if p >= 1-band {
				yes++
				if !s.Labels[i] {
					wrongYes++
				}
			}
			if p < band {
				no++
				if s.Labels[i] {
					wrongNo++
				}
			}
		}
		t.Logf("band %.2f: answerable %d (%d wrong), unanswerable %d (%d wrong), unknown %d", band, yes, wrongYes, no, wrongNo, len(s.Rows)-yes-no)
	}
}

func relevance(t *testing.T, dir string) {
	names := []string{"q_bridge", "q_bridge_len"}
	var s calibrate.Set
	for _, e := range answersToOthers(t, dir) {
		s.Rows = append(s.Rows, pick(feature.Analyse(e.Input).Relevance(), feature.RelevanceNames(), names))
		s.Labels = append(s.Labels, e.positive)
		s.Groups = append(s.Groups, e.group)
	}
	m := ship(t, "relevance", "relevance-2026.11.1",
		"Probability that an answer addresses its question. Fitted on right answers of CLAPnq (Apache-2.0) and HaluEval (MIT) "+
			"against the answers to the most similar other question and to an arbitrary one.",
		names, s, 1)
	t.Logf("cut %.3f, after the prior 0.9 %.3f", m.Cut, calibrate.Prior(m, .9).Threshold(m))
}

// ship fits, reports the cross-validation, and writes or compares the embedded coefficients.
func ship(t *testing.T, name, version, about string, names []string, s calibrate.Set, penalty float64) calibrate.Model {
	t.Helper()
	report := crossValidate(t, names, s, penalty)
	m, err := calibrate.Fit(calibrate.Options{Names: names, Penalty: penalty}, s.Rows, s.Labels)
	require.NoError(t, err)
	m.Version, m.About = version, about
	m.Cut = calibrate.BestCut(report.Probabilities, s.Labels, calibrate.Counts.BalancedAccuracy)
	t.Logf("%s: n %d, positive %d, grouped CV AUROC %.3f [%.3f, %.3f], BA %.3f, ECE %.3f", name, len(s.Rows), s.Positives(),
		report.AUROC, report.Low, report.High, report.BalancedAccuracy, report.ECE)
	if *update {
		raw, err := json.MarshalIndent(m, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("coefficients/"+name+".json", append(raw, '\n'), 0o644))
		return m
	}
	shipped, err := calibrate.Shipped(name)
	require.NoError(t, err)
	require.InDeltaSlice(t, shipped.Weights, m.Weights, 1e-6, "run with -update and give the model a new version")
	return m
}

// crossValidate averages over several deals of the groups; interval and probabilities are those of the first.
func crossValidate(t *testing.T, names []string, s calibrate.Set, penalty float64) calibrate.Report {
	t.Helper()
	var mean calibrate.Report
	for seed := range uint64(seeds) {
		r, err := calibrate.CrossValidate(calibrate.Options{Names: names, Penalty: penalty}, s, folds, seed+1)
		require.NoError(t, err)
		if seed == 0 {
			mean.Low, mean.High, mean.Probabilities = r.Low, r.High, r.Probabilities
		}
		mean.AUROC += r.AUROC / seeds
		mean.BalancedAccuracy += r.BalancedAccuracy / seeds
		mean.F1 += r.F1 / seeds
		mean.ECE += r.ECE / seeds
	}
	return mean
}

func columns(s calibrate.Set, names, keep []string) calibrate.Set {
	out := calibrate.Set{Labels: s.Labels, Groups: s.Groups}
	for _, r := range s.Rows {
		out.Rows = append(out.Rows, pick(r, names, keep))
	}
	return out
}

func single(s calibrate.Set, name string) float64 {
	column := columns(s, feature.Names(), []string{name})
	values := make([]float64, len(column.Rows))
	for i, r := range column.Rows {
		values[i] = r[0]
	}
	return calibrate.AUROC(values, s.Labels)
}

func bestSingle(s calibrate.Set) (string, float64) {
	best, at := 0.0, ""
	for _, name := range feature.Names() {
		if v := single(s, name); v > best {
			best, at = v, name
		}
	}
	return at, best
}

// incumbent is the rule that ragline replaces: the share of the answer's distinct lower-case words, split at
// white space, that the context has; an answer is flagged below 0.2.
func incumbent(examples []example) (auroc, recall float64) {
	var risk []float64
	var labels, flagged []bool
	for _, e := range examples {
		context := map[string]bool{}
		for _, w := range strings.Fields(strings.ToLower(e.Passages[0].Text)) {
			context[w] = true
		}
		answer := map[string]bool{}
		for _, w := range strings.Fields(strings.ToLower(e.Answer)) {
			answer[w] = true
		}
		shared := 0.0
		for w := range answer {
			if context[w] {
				shared++
			}
		}
		overlap := shared / float64(max(len(answer), 1))
		risk = append(risk, 1-overlap)
		flagged = append(flagged, overlap < .2)
		labels = append(labels, e.positive)
	}
	return calibrate.AUROC(risk, labels), calibrate.Count(flagged, labels).Recall()
}

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(dataEnv) == "" && *update {
		fmt.Fprintln(os.Stderr, "-update needs "+dataEnv)
		os.Exit(2)
	}
	os.Exit(m.Run())
}
