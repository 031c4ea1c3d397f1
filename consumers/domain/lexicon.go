package domain

import (
	"slices"
	"strings"
)

// phrase is one word or more, with the usual endings; spaces, hyphens and slashes between the words are equal.
// It is matched by hand, so that all phrases of a table share one scan of a sentence; see DESIGN.md.
type phrase struct {
	parts []string
	// exact phrases are short capitals, which are names and keep their case: AM is not am.
	exact bool
	// opens and closes: the phrase begins or ends with a word, which must not go on in the text.
	opens, closes bool
}

// endings in the order in which they are tried.
var endings = []string{"s", "es", "d", "ed", "ing", ""}

func newPhrase(text string) *phrase {
	p := &phrase{exact: isCapitals(text), opens: isWordByte(text[0]), closes: isWordByte(text[len(text)-1])}
	if !p.exact {
		text = lowered(text)
	}
	p.parts = nameParts(text)
	return p
}

func isCapitals(text string) bool {
	return len(text) <= 4 && strings.ToUpper(text) == text
}

func nameParts(phrase string) []string {
	return strings.FieldsFunc(phrase, func(r rune) bool { return r == ' ' || r == '-' || r == '/' })
}

func (p *phrase) source(c cased) string {
	if p.exact {
		return c.text
	}
	return c.lower
}

// matchAt returns where a match that starts at a position ends.
func (p *phrase) matchAt(s string, at int) (end int, ok bool) {
	if p.opens && !startsWord(s, at) {
		return 0, false
	}
	for i, part := range p.parts {
		if i > 0 {
			word := skipJoints(s, at)
			if word == at {
				return 0, false
			}
			at = word
		}
		if !strings.HasPrefix(s[at:], part) {
			return 0, false
		}
		at += len(part)
	}
	for _, ending := range endings {
		end := at + len(ending)
		if strings.HasPrefix(s[at:], ending) && (!p.closes || end == len(s) || !isWordByte(s[end])) {
			return end, true
		}
	}
	return 0, false
}

func skipJoints(s string, at int) int {
	for at < len(s) && (s[at] == ' ' || s[at] == '-' || s[at] == '/') {
		at++
	}
	return at
}

// find returns the first match from a position on.
func (p *phrase) find(c cased, from int) (start, end int, ok bool) {
	s := p.source(c)
	for len(p.parts) > 0 {
		at := strings.Index(s[from:], p.parts[0])
		if at < 0 {
			break
		}
		if end, ok := p.matchAt(s, from+at); ok {
			return from + at, end, true
		}
		from += at + 1
	}
	return 0, 0, false
}

func matchesAny(list []*phrase, c cased) bool {
	return slices.ContainsFunc(list, func(p *phrase) bool {
		_, _, ok := p.find(c, 0)
		return ok
	})
}

// lexicon holds all phrases of a table by their first byte, so that one pass over a sentence finds them all.
type lexicon struct {
	phrases map[string]*phrase
	// words hold the phrases that begin with a word: they are tried where a word begins. The others are tried everywhere.
	words  [256][]*phrase
	others [256][]*phrase
}

// found is one place of a phrase in a sentence.
type found struct {
	phrase     *phrase
	start, end int
}

func newLexicon() *lexicon { return &lexicon{phrases: map[string]*phrase{}} }

// add returns the phrase of a text, the same for the same text.
func (l *lexicon) add(text string) *phrase {
	if p, known := l.phrases[text]; known {
		return p
	}
	p := newPhrase(text)
	l.phrases[text] = p
	if len(p.parts) == 0 {
		return p
	}
	first := lowered(p.parts[0])[0]
	if p.opens {
		l.words[first] = append(l.words[first], p)
	} else {
		l.others[first] = append(l.others[first], p)
	}
	return p
}

func (l *lexicon) addAll(texts []string) []*phrase {
	var out []*phrase
	for _, text := range texts {
		if text != "" {
			out = append(out, l.add(text))
		}
	}
	return out
}

// find returns the places of all phrases in the order of the text. A phrase does not overlap itself.
func (l *lexicon) find(c cased) []found {
	var hits []found
	for at := range len(c.lower) {
		if startsWord(c.lower, at) {
			hits = matchAll(hits, l.words[c.lower[at]], c, at)
		}
		hits = matchAll(hits, l.others[c.lower[at]], c, at)
	}
	return hits
}

func matchAll(hits []found, phrases []*phrase, c cased, at int) []found {
	for _, p := range phrases {
		if end, ok := p.matchAt(p.source(c), at); ok && !overlaps(hits, p, at) {
			hits = append(hits, found{p, at, end})
		}
	}
	return hits
}

func overlaps(hits []found, p *phrase, at int) bool {
	return slices.ContainsFunc(hits, func(h found) bool { return h.phrase == p && h.end > at })
}
