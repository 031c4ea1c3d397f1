package domain

import (
	"regexp"
	"slices"
	"strings"
)

const maxLookup = 10

// Lookup returns the facts that a query asks for, best first, at most ten.
// When the query names entities of the table, only their facts are considered.
// Order depends on the query and the table alone.
func (f *Facts) Lookup(query string) []Fact {
	norm := fold(normalise(query))
	hits := f.words.find(norm)
	mentions, _ := f.names.find(norm, hits)
	scores := f.queries.scores(hits, queryTerms(norm.lower))
	var rows []int
	for i, row := range f.rows {
		named := slices.ContainsFunc(mentions, func(m mention) bool { return m.entity == row.Entity })
		if named || len(mentions) == 0 && scores[i] >= leastScore {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return scores[b] - scores[a] })
	var out []Fact
	for _, i := range rows[:min(len(rows), maxLookup)] {
		out = append(out, *f.rows[i])
	}
	return out
}

// What a query has in common with a row counts more in the attribute than in a phrase, and least in the text.
const (
	attributeScore = 3
	phraseScore    = 2
	textScore      = 1
	// leastScore is asked of rows when the query names no entity.
	leastScore = 3
)

// queryIndex finds the rows that share phrases or words with a query.
type queryIndex struct {
	rows    int
	phrases map[*phrase][]int
	// words are the places in attributes and texts where a word begins, by its first byte.
	words [256][]wordPlace
}

// wordPlace is a place in a row's attribute or text.
type wordPlace struct {
	row, score int
	// rest is the attribute or text from there on, in lower case.
	rest string
}

func newQueryIndex(rows []*Fact) *queryIndex {
	x := &queryIndex{rows: len(rows), phrases: map[*phrase][]int{}}
	for i, row := range rows {
		for _, p := range slices.Concat(row.keywords, row.right, row.wrong) {
			x.phrases[p] = append(x.phrases[p], i)
		}
		x.addWords(i, attributeScore, row.Attribute)
		x.addWords(i, textScore, row.Text)
	}
	return x
}

func (x *queryIndex) addWords(row, score int, text string) {
	text = lowered(text)
	for at := range len(text) {
		if startsWord(text, at) && isWordByte(text[at]) {
			x.words[text[at]] = append(x.words[text[at]], wordPlace{row, score, text[at:]})
		}
	}
}

func (x *queryIndex) scores(hits []found, terms []string) []int {
	scores := make([]int, x.rows)
	for i, hit := range hits {
		if slices.ContainsFunc(hits[:i], func(h found) bool { return h.phrase == hit.phrase }) {
			continue
		}
		for _, row := range x.phrases[hit.phrase] {
			scores[row] += phraseScore
		}
	}
	for _, term := range terms {
		x.addTerm(scores, term)
	}
	return scores
}

// addTerm counts a term once per attribute and text: the places of one stand together.
func (x *queryIndex) addTerm(scores []int, term string) {
	last := wordPlace{row: -1}
	for _, place := range x.words[term[0]] {
		if (place.row != last.row || place.score != last.score) && strings.HasPrefix(place.rest, term) {
			scores[place.row] += place.score
			last = place
		}
	}
}

var queryWord = regexp.MustCompile(`[a-z][a-z-]{2,}|\d[\d.,-]*`)

var stopWords = setOf("the", "and", "for", "what", "which", "how", "many", "much", "does", "when", "where", "are", "with", "can", "must",
	"may", "from", "into", "not", "its", "has", "have", "that", "this", "was", "did", "who")

// queryTerms are the words and numbers of a query without their endings.
func queryTerms(query string) []string {
	var terms []string
	for _, word := range queryWord.FindAllString(query, -1) {
		stem := strings.TrimSuffix(strings.TrimSuffix(word, "s"), "ing")
		if stem != "" && !stopWords[word] {
			terms = append(terms, stem)
		}
	}
	return terms
}
