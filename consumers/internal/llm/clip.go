package llm

import "unicode/utf8"

// Clip cuts a text at a rune, to n bytes at most.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
