package domain

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cased is a text beside its lower-case form; a position in one is the same position in the other.
type cased struct{ text, lower string }

func fold(s string) cased { return cased{s, lowered(s)} }

func (c cased) slice(from, to int) cased { return cased{c.text[from:to], c.lower[from:to]} }

// blank replaces a span by underscores, so that the number in a name is no value.
func (c cased) blank(from, to int) cased {
	line := strings.Repeat("_", to-from)
	return cased{c.text[:from] + line + c.text[to:], c.lower[:from] + line + c.lower[to:]}
}

// lowered leaves a letter alone whose lower case has another length in UTF-8.
func lowered(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if low := unicode.ToLower(r); utf8.RuneLen(low) == size {
			b = utf8.AppendRune(b, low)
		} else {
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return string(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func isWordRune(r rune) bool { return r < utf8.RuneSelf && isWordByte(byte(r)) }

func startsWord(s string, at int) bool { return at == 0 || !isWordByte(s[at-1]) }

// firstWord is what s begins with, up to a byte that is in no word.
func firstWord(s string) string {
	end := 0
	for end < len(s) && isWordByte(s[end]) {
		end++
	}
	return s[:end]
}

func wordsOf(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(s); {
			word := firstWord(s[i:])
			if word != "" && !yield(word) {
				return
			}
			i += len(word) + 1
		}
	}
}

// tails yields the ends of s that begin with a word or a sign, up to a length.
func tails(s string, longest int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := len(s) - 1; at >= max(0, len(s)-longest); at-- {
			if startsWord(s, at) && !yield(s[at:]) {
				return
			}
		}
	}
}

type wordSet map[string]bool

func setOf(words ...string) wordSet {
	set := wordSet{}
	for _, word := range words {
		set[word] = true
	}
	return set
}

// endOf tells whether one of the words ends s.
func (w wordSet) endOf(s string, longest int) bool {
	for tail := range tails(s, longest) {
		if w[tail] {
			return true
		}
	}
	return false
}

// gap looks the text between two things up, without the spaces around it and behind a comma.
func (w wordSet) gap(s string) bool {
	s = strings.Trim(s, " ")
	if rest, ok := strings.CutPrefix(s, ","); ok {
		s = "," + strings.TrimLeft(rest, " ")
	}
	return w[s]
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
