package extractive

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stopWords carry no subject: function words, question words, and verbs that questions use for anything.
var stopWords = wordSet(`a about all also am an and any are as at be been being between both but by can could did do does doing
for from get give go had has have he her him his how i if in into is it its itself just may me might more most much many must my
no not of off on one only or other our out over own please shall she should so some such tell than that the their them then there
these they this those to too under until up upon us very was we were what when where whether which while who whom whose why will
with would you your mean means say says said ask asks know explain describe define defines far fast long often use used uses run runs
state states name called happen happened first two`)

func wordSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

// word is a word with its place in a text.
type word struct {
	raw   string
	start int
}

// scan returns the words of a text. A mark between two letters or digits belongs to the word, as in "15848-1" and "60.483-1".
func scan(text string) []word {
	var out []word
	start, end := -1, 0 // of the current word; end is after its last letter or digit
	for i, r := range text {
		size := utf8.RuneLen(r)
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if start >= 0 && i > end+1 {
				out = append(out, word{text[start:end], start})
				start = -1
			}
			if start < 0 {
				start = i
			}
			end = i + max(size, 1)
		case start >= 0 && (i > end || !strings.ContainsRune("-./'", r)):
			out = append(out, word{text[start:end], start})
			start = -1
		}
	}
	if start >= 0 {
		out = append(out, word{text[start:end], start})
	}
	return out
}

func (w word) lower() string { return strings.TrimSuffix(strings.ToLower(w.raw), "'s") }

// words returns the words of a text in lower case.
func words(text string) []string {
	found := scan(text)
	out := make([]string, len(found))
	for i, w := range found {
		out[i] = w.lower()
	}
	return out
}

// terms returns the stems that a text can be found by: of a compound its parts too.
func terms(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words(text) {
		for _, t := range variants(w) {
			out[t] = true
		}
	}
	return out
}

func variants(w string) []string {
	out := []string{stem(w)}
	if strings.ContainsAny(w, "-/") {
		for _, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' }) {
			if !stopWords[part] {
				out = append(out, stem(part))
			}
		}
	}
	return out
}

// stem cuts the endings of English inflection. Words with digits stay as they are.
func stem(w string) string {
	if len(w) < 4 || hasDigit(w) {
		return w
	}
	switch {
	case strings.HasSuffix(w, "ies"):
		w = w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "xes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "shes"):
		w = w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is"):
		w = w[:len(w)-1]
	}
	for _, end := range []string{"ation", "ing", "ed", "ly"} {
		if strings.HasSuffix(w, end) && len(w)-len(end) >= 3 && strings.ContainsAny(w[:len(w)-len(end)], "aeiouy") {
			w = w[:len(w)-len(end)]
			break
		}
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] && w[n-1] != 'l' && w[n-1] != 's' {
		w = w[:n-1]
	}
	return strings.TrimSuffix(w, "e")
}

func hasDigit(w string) bool { return strings.ContainsAny(w, "0123456789") }

// A sentence ends at a line's end, or at a mark that is followed by a space and an upper-case letter, digit, quote or bracket.
var sentenceEnd = regexp.MustCompile(`[.!?]["”)]?\s+(?:["“(]?[\p{Lu}\d])`)

// abbreviation is what stands before a period that ends no sentence.
var abbreviation = regexp.MustCompile(`(?:\b\p{Lu}|\b(?:e\.g|i\.e|etc|approx|vs|cf|No|no|Mr|Mrs|Ms|Dr|St|Std|Fig|fig|Inc|Ltd|Co|Jr|Sr))$`)

// sentences splits a text. List marks and heading lines are dropped.
func sentences(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "|") {
			continue
		}
		line = strings.TrimSpace(strings.TrimLeft(line, "-*> "))
		for line != "" {
			var s string
			s, line = cutSentence(line)
			if len(words(s)) > 1 {
				out = append(out, s)
			}
		}
	}
	return out
}

func cutSentence(line string) (first, rest string) {
	for from := 0; ; {
		m := sentenceEnd.FindStringIndex(line[from:])
		if m == nil {
			return line, ""
		}
		at := from + m[0]
		if line[at] == '.' && abbreviation.MatchString(line[:at]) {
			from = at + 1
			continue
		}
		end := at + 1
		for end < len(line) && line[end] != ' ' {
			end++
		}
		return line[:end], strings.TrimSpace(line[end:])
	}
}
