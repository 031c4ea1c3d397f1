package feature

import (
	"unicode"
	"unicode/utf8"
)

// boundary separates passages, so that no phrase runs from one into the next. It is the id of no word.
const boundary int32 = 0

// lexicon numbers the stems of one analysis, so that comparing words is comparing integers.
type lexicon struct {
	ids   map[string]int32
	stems []string
	buf   []byte
}

func newLexicon() *lexicon {
	return &lexicon{ids: make(map[string]int32, 512), stems: append(make([]string, 0, 512), "")}
}

// intern takes bytes and not a string: a lookup with string(b) does not allocate.
func (l *lexicon) intern(b []byte) int32 {
	if id, ok := l.ids[string(b)]; ok {
		return id
	}
	id := int32(len(l.stems))
	s := string(b)
	l.ids[s] = id
	l.stems = append(l.stems, s)
	return id
}

func (l *lexicon) word(text string, start, end int) token {
	l.buf = lower(l.buf[:0], text[start:end])
	t := token{start: int32(start), end: int32(end), stop: isStopWord(l.buf), negation: isNegation(l.buf)}
	l.buf = stem(l.buf)
	t.id = l.intern(l.buf)
	return t
}

// number drops the commas: 1,510 and 1510 are the same number.
func (l *lexicon) number(text string, start, end int) token {
	l.buf = l.buf[:0]
	for i := start; i < end; i++ {
		if text[i] != ',' {
			l.buf = append(l.buf, text[i])
		}
	}
	return token{id: l.intern(l.buf), start: int32(start), end: int32(end), number: true}
}

func lower(b []byte, word string) []byte {
	for _, r := range word {
		switch {
		case r >= 'A' && r <= 'Z':
			b = append(b, byte(r)+'a'-'A')
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		case r == '’':
			b = append(b, '\'')
		default:
			b = utf8.AppendRune(b, unicode.ToLower(r))
		}
	}
	return b
}
