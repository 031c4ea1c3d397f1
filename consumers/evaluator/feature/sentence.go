package feature

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a piece of a text in bytes, end exclusive.
type Span struct{ Start, End int }

// Sentences splits a text at newlines and at white space that follows an end of sentence (with
// closing quotes and brackets) and precedes a capital, a digit, a quote or a bracket.
// Pieces of at most two characters are dropped.
func Sentences(text string) []Span { return appendSentences(nil, text) }

func appendSentences(spans []Span, text string) []Span {
	start := 0
	for i := 0; i < len(text); {
		r, size := decode(text, i)
		switch {
		case r == '\n' || r == '\r':
			spans = appendTrimmed(spans, text, start, i)
			start = i + size
		case unicode.IsSpace(r) && endsSentence(text[start:i]) && opensSentence(text[i:]):
			spans = appendTrimmed(spans, text, start, i)
			start = i
		}
		i += size
	}
	return appendTrimmed(spans, text, start, len(text))
}

func appendTrimmed(spans []Span, text string, start, end int) []Span {
	piece := text[start:end]
	trimmed := strings.TrimLeftFunc(piece, unicode.IsSpace)
	start += len(piece) - len(trimmed)
	trimmed = strings.TrimRightFunc(trimmed, unicode.IsSpace)
	if len(trimmed) <= 2 || utf8.RuneCountInString(trimmed) <= 2 {
		return spans
	}
	return append(spans, Span{Start: start, End: start + len(trimmed)})
}

func endsSentence(before string) bool {
	for len(before) > 0 {
		r, size := utf8.DecodeLastRuneInString(before)
		if r == '.' || r == '!' || r == '?' {
			return true
		}
		if !strings.ContainsRune(`"'”’)]}»`, r) {
			return false
		}
		before = before[:len(before)-size]
	}
	return false
}

func opensSentence(after string) bool {
	for _, r := range after {
		if unicode.IsSpace(r) {
			continue
		}
		return unicode.IsUpper(r) || unicode.IsDigit(r) || strings.ContainsRune(`"'“‘([{«`, r)
	}
	return false
}
