package statement

import "strings"

type kind int

const (
	kindEnd kind = iota
	kindWord
	kindQuoted // a string or a quoted identifier
	kindMark   // one byte of punctuation, or a number
)

// token is a piece of the text; comments and blanks are not tokens.
type token struct {
	kind       kind
	start, end int
	depth      int // open brackets before it
	text       string
}

func (t token) is(word string) bool {
	return t.kind == kindWord && strings.EqualFold(t.text, word)
}

func (t token) isAny(words ...string) bool {
	for _, word := range words {
		if t.is(word) {
			return true
		}
	}
	return false
}

type lexer struct {
	sql   string
	pos   int
	depth int
}

func (l *lexer) next() token {
	l.skipBlank()
	start, depth := l.pos, l.depth
	if l.pos >= len(l.sql) {
		return token{kind: kindEnd, start: start, end: start, depth: depth}
	}
	k := kindMark
	switch c := l.sql[l.pos]; {
	case wordStart(c):
		k = kindWord
		l.skipWhile(wordPart)
	case c >= '0' && c <= '9':
		l.skipWhile(wordPart)
	case c == '\'' || c == '"' || c == '`':
		k = kindQuoted
		l.skipQuoted(c)
	case c == '$' && l.skipHeredoc():
		k = kindQuoted
	default:
		l.pos++
		l.bracket(c)
	}
	return token{kind: k, start: start, end: l.pos, depth: depth, text: l.sql[start:l.pos]}
}

func (l *lexer) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth--
	}
}

func (l *lexer) skipBlank() {
	for l.pos < len(l.sql) {
		rest := l.sql[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			l.skipPast(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			l.skipComment()
		default:
			return
		}
	}
}

func (l *lexer) skipPast(rest, end string) {
	if i := strings.Index(rest, end); i >= 0 {
		l.pos += i + len(end)
		return
	}
	l.pos = len(l.sql)
}

// skipComment skips a block comment; ClickHouse nests them.
func (l *lexer) skipComment() {
	for open := 0; l.pos < len(l.sql); {
		switch rest := l.sql[l.pos:]; {
		case strings.HasPrefix(rest, "/*"):
			open++
			l.pos += 2
		case strings.HasPrefix(rest, "*/"):
			l.pos += 2
			if open--; open == 0 {
				return
			}
		default:
			l.pos++
		}
	}
}

// skipQuoted needs no case for a doubled quote: it reads as two quoted tokens in a row.
func (l *lexer) skipQuoted(quote byte) {
	for l.pos++; l.pos < len(l.sql); l.pos++ {
		switch l.sql[l.pos] {
		case '\\':
			l.pos++
		case quote:
			l.pos++
			return
		}
	}
	l.pos = len(l.sql)
}

// skipHeredoc skips $tag$ ... $tag$.
func (l *lexer) skipHeredoc() bool {
	tagEnd := strings.IndexByte(l.sql[l.pos+1:], '$')
	if tagEnd < 0 {
		return false
	}
	tag := l.sql[l.pos : l.pos+tagEnd+2]
	for i := 1; i < len(tag)-1; i++ {
		if !wordPart(tag[i]) {
			return false
		}
	}
	body := l.sql[l.pos+len(tag):]
	end := strings.Index(body, tag)
	if end < 0 {
		return false
	}
	l.pos += len(tag) + end + len(tag)
	return true
}

func (l *lexer) skipWhile(ok func(byte) bool) {
	for l.pos < len(l.sql) && ok(l.sql[l.pos]) {
		l.pos++
	}
}

func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func wordPart(c byte) bool { return wordStart(c) || c >= '0' && c <= '9' }
