package extractive

import (
	"slices"
	"strings"
)

// candidate is a sentence that could be quoted.
type candidate struct {
	text       string
	documentID string
	// context is the title and heading above the sentence.
	context string
	// order is the place in the observations.
	order int

	covered []bool // by term of the question, in the sentence itself
	around  []bool // by term of the question, in the context
	score   float64
}

// rate scores a candidate: the weight of the covered words, less for those that only the title has, and a little for
// being earlier in the ranking and for being short.
func (q question) rate(c *candidate) {
	own, above := terms(c.text), terms(c.context)
	c.covered, c.around = make([]bool, len(q.terms)), make([]bool, len(q.terms))
	for i, t := range q.terms {
		switch {
		case own[t.stem] || own[synonyms[t.stem]] || compound(own, t):
			c.covered[i] = true
			c.score += t.weight
		case above[t.stem] || compound(above, t):
			c.around[i] = true
			c.score += contextShare * t.weight
		}
	}
	if q.total > 0 {
		c.score /= q.total
	}
	for i, t := range q.terms {
		if t.key && !c.covered[i] && !c.around[i] {
			c.score *= strangerShare
			break
		}
	}
	if q.wantsNumber && q.bringsNumber(c.text) {
		c.score += numberBonus
	}
	c.score -= orderCost * float64(c.order)
	c.score -= lengthCost * float64(max(len(words(c.text))-30, 0))
}

// compound finds "15848" of a question in "15848-1" of a text, and "low-e" written as two words.
func compound(in map[string]bool, t term) bool {
	if parts := strings.FieldsFunc(t.word, func(r rune) bool { return r == '-' || r == '/' }); len(parts) > 1 && !hasDigit(t.word) {
		return !slices.ContainsFunc(parts, func(p string) bool { return !stopWords[p] && !in[stem(p)] })
	}
	return false
}

// bringsNumber says whether a text has a number that the question has not.
func (q question) bringsNumber(text string) bool {
	for _, w := range words(text) {
		if w[0] >= '0' && w[0] <= '9' && !q.asked[w] {
			return true
		}
	}
	return false
}
