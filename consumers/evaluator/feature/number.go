package feature

import (
	"math"
	"unicode"
	"unicode/utf8"
)

var numberWords = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
	"seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}

// isSmall: 1, 2 and 3 number lists and never count as unsupported.
func isSmall(number string) bool { return number == "1" || number == "2" || number == "3" }

// numbers returns the share of the answer's distinct numbers that neither context nor question has,
// and ln(1 + count) of them.
func (a *Analysis) numbers() (share, count float64) {
	var seen []int32
	bad := 0.0
	for _, t := range a.answer {
		if !t.number || containsID(seen, t.id) {
			continue
		}
		seen = append(seen, t.id)
		if !a.known(t.id) && !isSmall(a.lex.stems[t.id]) {
			bad++
		}
	}
	if len(seen) == 0 {
		return 0, 0
	}
	return bad / float64(len(seen)), math.Log1p(bad)
}

// entities does the same for capitalised words that do not open a sentence, and for words in capitals.
func (a *Analysis) entities() (share, count float64) {
	var seen []int32
	bad := 0.0
	for _, s := range a.answerSentences {
		for i, t := range a.answer[s.from:s.to] {
			if t.number || t.stop || !a.isName(t, i == 0) || containsID(seen, t.id) {
				continue
			}
			seen = append(seen, t.id)
			if !a.known(t.id) {
				bad++
			}
		}
	}
	if len(seen) == 0 {
		return 0, 0
	}
	return bad / float64(len(seen)), math.Log1p(bad)
}

func (a *Analysis) isName(t token, first bool) bool {
	text := a.in.Answer[t.start:t.end]
	r, size := utf8.DecodeRuneInString(text)
	if !unicode.IsUpper(r) {
		return false
	}
	if !first {
		return true
	}
	if len(text) == size {
		return false
	}
	for _, r := range text[size:] {
		if !unicode.IsUpper(r) {
			return false
		}
	}
	return true
}

func containsID(ids []int32, id int32) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}
