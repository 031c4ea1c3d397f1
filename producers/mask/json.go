package mask

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func looksJSON(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")
}

// inString says whether a JSON text is within a string after s, given whether it was before.
func inString(s string, quoted bool) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		}
	}
	return quoted
}

// literal returns the place of the number of a JSON text that a match is in, with its sign, decimals and exponent.
// from is -1 where the match is in no number.
func literal(s string, m Match) (from, to int) {
	const signs = "0123456789+-.eE"
	from, to = m.Start, m.End
	for from > 0 && strings.IndexByte(signs, s[from-1]) >= 0 {
		from--
	}
	for to < len(s) && strings.IndexByte(signs, s[to]) >= 0 {
		to++
	}
	if text := s[from:to]; strings.Trim(text, signs) != "" || !json.Valid([]byte(text)) {
		return -1, -1
	}
	return from, to
}

// escapes says whether a JSON text may hold characters that need no escape and have one.
func escapes(s string) bool { return strings.Contains(s, `\u`) || strings.Contains(s, `\/`) }

// unescape writes the characters of a JSON text that need no escape as they are: some encoders write + as \u002B and
// what is not ASCII as \u00fc, and no recogniser would know a number or a name by that.
func unescape(s string) string {
	if !escapes(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			i++
			continue
		}
		if r, size := escaped(s[i:]); size > 0 {
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		b = append(b, s[i], s[i+1])
		i += 2
	}
	return string(b)
}

// escaped reads the escape that s begins with. size is 0 where it has to stay: of a quote, a backslash, a control
// character, or half a pair of surrogates.
func escaped(s string) (r rune, size int) {
	if s[1] == '/' {
		return '/', 2
	}
	r, ok := unit(s)
	if !ok || r < ' ' || r == '"' || r == '\\' || r == 0x7f {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := unit(s[6:])
	if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
		return pair, 12
	}
	return 0, 0
}

// unit reads \uXXXX.
func unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
