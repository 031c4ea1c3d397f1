package domain

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Comparisons are looked up by the words at the end of what stands before a number:
// patterns had to be tried at every byte of the sentence, for every number.
var (
	beforeNumber = comparisonsBefore()
	afterNumber  = comparisonsAfter()
	// The first of them wins: "not more than" ends with "more than".
	precedence  = []comparison{cmpLE, cmpGE, cmpGT, cmpLT}
	fillers     = setOf("about", "approximately", "around", "roughly", "some", "a", "an", "the", "exactly", "only")
	approximate = setOf("about", "approximately", "approx", "approx.", "around", "roughly", "nearly", "almost", "near", "some", "circa", "ca", "ca.")
	pointPrefix = setOf("at", "at about", "at a temperature of", "at a pressure of")
	takesOver   = setOf("(", "or", "and", "nor", ",", "/", ",or", ",and", "=")
)

// longestComparison is "greater than or equal to".
const longestComparison = 24

func comparisonsBefore() map[string]comparison {
	list := map[string]comparison{}
	put := func(op comparison, groups ...[]string) {
		for _, words := range combine(groups...) {
			list[words] = op
		}
	}
	denied, ofIs := []string{"not ", "never "}, []string{"", " of", " is"}
	put(cmpLE, []string{"at most", "up to", "limited to", "limit", "limit is", "limit of", "within", "lower of", "<=", "less than or equal to", "at or below", "or below"})
	put(cmpLE, append(denied, "no "), []string{"more than", "greater than", "higher than", "larger than", "longer than", "later than"})
	put(cmpLE, denied, []string{"above", "over", "beyond", "exceed", "exceeding"})
	put(cmpLE, []string{"does", "do", "must", "may", "shall", "should", "can"}, []string{"not exceed", " not exceed"})
	put(cmpLE, []string{"max", "max.", "maximum", "maximum."}, ofIs)
	put(cmpGE, []string{"at least", "starting at", ">=", "down to", "greater than or equal to", "at or above", "or above"})
	put(cmpGE, append(denied, "no "), []string{"less than", "fewer than", "lower than", "smaller than"})
	put(cmpGE, denied, []string{"below", "under"})
	put(cmpGE, []string{"min", "min.", "minimum", "minimum."}, ofIs)
	put(cmpGT, []string{"above", "more than", "over", "greater than", "exceed", "exceeds", "exceeding", "larger than", "higher than", "beyond", "longer than", ">"})
	put(cmpLT, []string{"below", "less than", "under", "smaller than", "lower than", "fewer than", "<"})
	return list
}

func comparisonsAfter() map[string]comparison {
	list := map[string]comparison{"plus": cmpGE, "minimum": cmpGE, "at least": cmpGE, "maximum": cmpLE, "at most": cmpLE}
	joints := []string{"or ", "and "}
	for _, words := range combine(joints, []string{"more", "above", "higher", "larger", "greater", "over", "beyond", "up", "upwards"}) {
		list[words] = cmpGE
	}
	for _, words := range combine(joints, []string{"less", "below", "lower", "fewer", "smaller", "under"}) {
		list[words] = cmpLE
	}
	return list
}

// combine joins every text of a group with every text of the next.
func combine(groups ...[]string) []string {
	out := []string{""}
	for _, group := range groups {
		var longer []string
		for _, start := range out {
			for _, end := range group {
				longer = append(longer, start+end)
			}
		}
		out = longer
	}
	return out
}

// compareAll finds the comparison of every quantity.
// A list and a bracket take over that of the number before: "at most 50, 100 and 500", "above 260 C (500 F)".
func (p *parsed) compareAll() {
	for i := range p.quantities {
		q := &p.quantities[i]
		before := strings.TrimRight(p.masked.lower[:q.start], " ")
		q.approx = strings.HasSuffix(before, "~") || approximate.endOf(before, longestComparison)
		q.at = pointPrefix.endOf(before, longestComparison)
		if q.op == cmpNone {
			q.op = comparisonAround(before, p.behind(i))
		}
		if q.op == cmpNone && i > 0 && p.quantities[i-1].end <= q.start && takesOver.gap(strings.ReplaceAll(p.masked.text[p.quantities[i-1].end:q.start], "_", "")) {
			q.op, q.at, q.approx = p.quantities[i-1].op, p.quantities[i-1].at, p.quantities[i-1].approx
		}
	}
}

// behind is the text up to the next quantity without the word that belongs to that one, as in "1500 or below 7 bar".
func (p *parsed) behind(i int) string {
	text := p.masked.lower
	end := len(text)
	if i+1 < len(p.quantities) && p.quantities[i+1].start >= p.quantities[i].end {
		end = p.quantities[i+1].start
	}
	open := end < len(text)
	text = text[p.quantities[i].end:end]
	trimmed := strings.TrimRight(text, " ")
	if open && trimmed != "" && isWordByte(trimmed[len(trimmed)-1]) {
		return trimmed[:strings.LastIndexByte(trimmed, ' ')+1]
	}
	return text
}

func comparisonAround(before, after string) comparison {
	if op := afterNumber[leadingWords(after)]; op != cmpNone {
		return op
	}
	first := len(precedence)
	for tail := range tails(withoutFillers(before), longestComparison) {
		if op := beforeNumber[tail]; op != cmpNone {
			first = min(first, slices.Index(precedence, op))
		}
	}
	if first == len(precedence) {
		return cmpNone
	}
	return precedence[first]
}

// leadingWords are the two words behind a number, or the one that is a comparison by itself.
// At most two signs stand before them, as in "500+ or more" and "5 (minimum)".
func leadingWords(s string) string {
	start := 0
	for start < len(s) && !isWordByte(s[start]) {
		start++
	}
	if utf8.RuneCountInString(s[:start]) > 2 {
		return ""
	}
	first := firstWord(s[start:])
	if afterNumber[first] != cmpNone || !strings.HasPrefix(s[start+len(first):], " ") {
		return first
	}
	second := firstWord(s[start+len(first)+1:])
	return s[start : start+len(first)+1+len(second)]
}

// withoutFillers cuts the end of "at most about" to "at most".
func withoutFillers(s string) string {
	for {
		s = strings.TrimRight(s, " ")
		at := strings.LastIndexByte(s, ' ')
		if at < 0 || !fillers[s[at+1:]] {
			return s
		}
		s = s[:at]
	}
}
