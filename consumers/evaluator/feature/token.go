package feature

import (
	"unicode"
	"unicode/utf8"
)

// token is one word or number of a text.
type token struct {
	// id of the stem in the lexicon.
	id         int32
	start, end int32
	// stop is tested on the word as written, before stemming: stemmed, "this" and "does" slip through.
	stop     bool
	number   bool
	negation bool
}

// tokenize returns the words (letters of any language, one inner apostrophe) and the numbers
// (digits with inner dots and commas) of a text.
func (l *lexicon) tokenize(text string, into []token) []token {
	for i := 0; i < len(text); {
		r, size := decode(text, i)
		switch {
		case isDigit(r):
			end := endOfNumber(text, i)
			into = append(into, l.number(text, i, end))
			i = end
		case unicode.IsLetter(r):
			end := endOfWord(text, i)
			into = append(into, l.word(text, i, end))
			i = end
		default:
			i += size
		}
	}
	return into
}

func decode(text string, i int) (rune, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(text[i:])
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func endOfNumber(text string, i int) int {
	for i < len(text) {
		c := text[i]
		separator := (c == '.' || c == ',') && i+1 < len(text) && isDigit(rune(text[i+1]))
		if !isDigit(rune(c)) && !separator {
			break
		}
		i++
	}
	return i
}

func endOfWord(text string, i int) int {
	apostrophe := false
	for i < len(text) {
		r, size := decode(text, i)
		if isApostrophe(r) && !apostrophe && i+size < len(text) {
			next, _ := decode(text, i+size)
			if !unicode.IsLetter(next) {
				break
			}
			apostrophe = true
		} else if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		i += size
	}
	return i
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }
