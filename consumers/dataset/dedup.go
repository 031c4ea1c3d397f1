package dataset

import (
	"sort"
	"strings"
	"unicode"
)

// deduplicate keeps the best row of those that say the same: question and answer equal but for case and
// punctuation, or with the same numbers and at least 80 % of the word triples in common.
// The best is the highest tier, then the highest validation, then the smallest key.
func deduplicate(rows []row) (kept []row, exact, near int) {
	sort.SliceStable(rows, func(i, j int) bool { return better(rows[i], rows[j]) })
	same := map[string]struct{}{}
	similar := newSimilar()
	for i, r := range rows {
		text := r.question + "\n" + r.assistant
		normal := strings.Join(wordsOf(text), " ")
		if _, found := same[normal]; found {
			exact++
			continue
		}
		if _, found := similar.find(text); found {
			near++
			continue
		}
		same[normal] = struct{}{}
		similar.add(i, text)
		kept = append(kept, r)
	}
	return kept, exact, near
}

func better(a, b row) bool {
	if a.tier != b.tier {
		return rank(a.tier) < rank(b.tier)
	}
	if a.validation != b.validation {
		return a.validation > b.validation
	}
	return a.key < b.key
}

func rank(t Tier) int {
	switch t {
	case TierGold:
		return 0
	case TierSilver:
		return 1
	case TierBronze:
		return 2
	}
	return 3
}

// wordsOf are the letters and digits of a text in lower case, without citations.
func wordsOf(text string) []string {
	text = citation.ReplaceAllString(text, " ")
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
