package extractive

import (
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// The constants below were set on the demo pack's seeds and controls, and checked on CLAPnq; see DESIGN.md.
const (
	// contextShare is what a word counts that only the title has, genericShare what a generic word weighs.
	contextShare = 0.5
	genericShare = 0.3
	// strangerShare is left of a sentence that lacks a code or a name of the question.
	strangerShare = 0.3
	numberBonus   = 0.15
	orderCost     = 0.002
	lengthCost    = 0.005
	// threshold is the least covered share of the question's weight at which a quote counts as an answer.
	threshold = 0.67
	// near is how close to the best score a further sentence must be; one beside a quote counts neighbourGain times.
	near          = 0.85
	neighbourGain = 1.3
	// alike is the share of common words at which two sentences tell the same.
	alike        = 0.6
	maxSentences = 4
)

// verdict is the outcome of looking for an answer.
type verdict struct {
	quotes []candidate
	// coverage is the share of the question's weight that the best sentence and its title cover.
	coverage float64
	answered bool
}

// find picks the sentences to quote.
func (q question) find(list []candidate) verdict {
	if len(list) == 0 || len(q.terms) == 0 {
		return verdict{}
	}
	for i := range list {
		q.rate(&list[i])
	}
	ranked := slices.Clone(list)
	slices.SortStableFunc(ranked, func(a, b candidate) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	v := verdict{quotes: q.choose(ranked)}
	v.coverage = q.coverage(ranked[0])
	v.answered = v.coverage >= threshold && q.namesKeys(v.quotes) && q.counts(v.quotes)
	return v
}

// counts says whether a quote counts what "how many" asks for, of the thing that is asked about.
func (q question) counts(quotes []candidate) bool {
	return q.counted < 0 || slices.ContainsFunc(quotes, func(c candidate) bool {
		return c.covered[q.counted] && q.bringsNumber(c.text) && q.namesKeys([]candidate{c})
	})
}

// coverage is the share of the weight in one sentence and its title.
func (q question) coverage(c candidate) float64 {
	sum := 0.0
	for i, t := range q.terms {
		if c.covered[i] || c.around[i] {
			sum += t.weight
		}
	}
	return sum / q.total
}

// namesKeys says whether the quotes or their titles have every code and name of the question.
func (q question) namesKeys(quotes []candidate) bool {
	for i, t := range q.terms {
		if t.key && !slices.ContainsFunc(quotes, func(c candidate) bool { return c.covered[i] || c.around[i] }) {
			return false
		}
	}
	return true
}

// choose takes the best sentence and those that come near to it.
func (q question) choose(ranked []candidate) []candidate {
	quotes := ranked[:1:1]
	for _, c := range ranked[1:] {
		if len(quotes) == maxSentences {
			break
		}
		gain := 1.0
		if slices.ContainsFunc(quotes, func(o candidate) bool { return neighbours(o, c) }) {
			gain = neighbourGain
		}
		if gain*c.score >= near*ranked[0].score && !slices.ContainsFunc(quotes, func(o candidate) bool { return same(o.text, c.text) }) {
			quotes = append(quotes, c)
		}
	}
	return quotes
}

func neighbours(a, b candidate) bool {
	return a.documentID == b.documentID && (a.order-b.order == 1 || b.order-a.order == 1)
}

// same says whether two sentences tell the same: most words in common, and no number that only one of them has,
// unless the other has none of its own.
func same(a, b string) bool {
	x, y := terms(a), terms(b)
	common, onlyX, onlyY := 0, false, false
	for t := range x {
		if y[t] {
			common++
		} else {
			onlyX = onlyX || hasDigit(t)
		}
	}
	for t := range y {
		onlyY = onlyY || hasDigit(t) && !x[t]
	}
	return (!onlyX || !onlyY) && float64(common) >= alike*float64(min(len(x), len(y)))*lengthRatio(len(x), len(y))
}

// lengthRatio lets a short sentence count as told by a long one only when nearly all of its words are there.
func lengthRatio(a, b int) float64 { return 1 + 0.5*(1-float64(min(a, b))/float64(max(a, b, 1))) }

// render quotes sentences, each with its document before the final mark.
func render(quotes []candidate) []string {
	out := make([]string, len(quotes))
	for i, c := range quotes {
		text := strings.TrimSpace(c.text)
		end := "."
		if n := len(text); n > 0 && strings.ContainsRune(".!?", rune(text[n-1])) {
			text, end = text[:n-1], text[n-1:]
		}
		out[i] = text + " [" + c.documentID + "]" + end
	}
	return out
}

// Assess says how much of a question the best sentence of the passages covers, and whether that counts as an answer.
func Assess(question string, found llm.Knowledge) (coverage float64, answered bool) {
	seen := observed{idf: map[string]float64{}}
	seen.search(found)
	v := parseQuestion(question, seen.idf).find(seen.candidates)
	return v.coverage, v.answered
}
