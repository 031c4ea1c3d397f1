package extractive

import (
	"regexp"
	"strings"
	"unicode"
)

// term is a content word of a question.
type term struct {
	word   string
	stem   string
	weight float64
	// key marks a word without which a sentence is about something else: a code, a number, a name.
	key bool
}

// question is what is asked, as weighted words.
type question struct {
	text  string
	terms []term
	total float64
	// wantsNumber means that the answer must hold a number that the question does not.
	wantsNumber bool
	asked       map[string]bool
	// counted is the index of what "how many" asks for, or -1. A sentence without it counts something else.
	counted int
}

var (
	numberQuestion = regexp.MustCompile(`(?i)\bhow (many|much|far|fast|long|often|high|hot|large|old|wide|thick)\b|\bwhat (limit|temperature|pressure|percentage|year)\b|\b(limit|number|temperature|price) of\b`)
	howMany        = regexp.MustCompile(`(?i)\bhow many\s+`)
)

// generic words say little about the subject: they weigh genericShare of what their rarity would give.
var generic = stemSet(`window range limit value number amount cover require need apply kind type sort meaning definition difference
purpose happen work allow accept exclude include count`)

// synonyms are pairs that questions and standards use for the same thing, as stems.
var synonyms = map[string]string{
	stem("outside"): stem("exclude"), stem("exclude"): stem("outside"), stem("begin"): stem("start"), stem("start"): stem("begin"),
	stem("permit"): stem("allow"), stem("allow"): stem("permit"), stem("need"): stem("require"), stem("require"): stem("need"),
}

func stemSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[stem(w)] = true
	}
	return out
}

// parseQuestion weighs the words of a question by idf, which maps stems; a word without one weighs as much as the heaviest.
func parseQuestion(text string, idf map[string]float64) question {
	q := question{text: text, wantsNumber: numberQuestion.MatchString(text), counted: -1, asked: map[string]bool{}}
	heaviest := 1.0
	for _, w := range idf {
		heaviest = max(heaviest, w)
	}
	many := howMany.FindStringIndex(text)
	seen := map[string]bool{}
	previous := ""
	for i, found := range scan(text) {
		raw, w := found.raw, found.lower()
		q.asked[w] = true
		before := previous
		previous = raw
		if stopWords[w] || seen[stem(w)] || (len(w) == 1 && !hasDigit(w)) {
			continue
		}
		seen[stem(w)] = true
		t := term{word: w, stem: stem(w), weight: heaviest, key: isAcronym(raw) || isCode(raw, before) || (i > 0 && isName(raw))}
		if v, ok := rarity(w, idf); ok {
			t.weight = max(v, 0.1)
		}
		if generic[t.stem] || isQuantity(w) && !t.key {
			t.weight *= genericShare
		}
		if many != nil && q.counted < 0 && found.start >= many[1] {
			q.counted = len(q.terms)
		}
		q.terms = append(q.terms, t)
		q.total += t.weight
	}
	return q
}

// rarity is the idf of a word, or of the rarest part of a compound that the index keeps apart.
func rarity(w string, idf map[string]float64) (float64, bool) {
	if v, ok := idf[stem(w)]; ok {
		return v, true
	}
	most, found := 0.0, false
	for _, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' || r == '.' }) {
		if v, ok := idf[stem(part)]; ok {
			most, found = max(most, v), true
		}
	}
	return most, found
}

// isCode tells "L0.01" and the 622 of "API 622" from the 500 of "at 500 C", which the answer may well contradict.
func isCode(raw, before string) bool {
	return hasDigit(raw) && (!isQuantity(raw) || isAcronym(before) || isName(before))
}

func isQuantity(w string) bool { return strings.Trim(w, "0123456789.,") == "" }

func isAcronym(w string) bool {
	return len(w) > 1 && strings.ToUpper(w) == w && strings.ToLower(w) != w
}

func isName(w string) bool {
	r := []rune(w)
	return len(r) > 2 && unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1])
}
