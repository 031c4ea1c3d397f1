package domain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	citation    = regexp.MustCompile(`\s*\[[^\[\]\n]{1,80}\]`)
	markup      = regexp.MustCompile("[*]{2,3}|`+|^#+ ")
	emphasis    = regexp.MustCompile(`(^|\s)\*(\S[^*]*)\*`)
	minus       = regexp.MustCompile(`(?i)\bminus (\d)`)
	listMarker  = regexp.MustCompile(`^\s*(?:[-*•]|\d{1,2}[.)])\s+`)
	sentenceEnd = regexp.MustCompile(`[.!?]["')]*\s+["'(]*[A-Z0-9"-]`)
	abbreviated = regexp.MustCompile(`(?i)(?:\b(?:std|approx|e\.g|i\.e|max|min|no|vs|ca|cl|resp|fig|sec|temp|dia|incl)\.)$`)
	spaces      = regexp.MustCompile(`\s+`)
	degrees     = regexp.MustCompile(`°\s*([CF])\b`)
	superscript = strings.NewReplacer("⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9", "⁻", "-", "⁺", "+")
	superRun    = regexp.MustCompile(`10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)`)
	thinDigits  = regexp.MustCompile(`(\d)[\x{00a0}\x{2009}\x{202f}](\d{3})\b`)
	punctuation = strings.NewReplacer("\u00a0", " ", "\u2009", " ", "\u202f", " ", "−", "-", "–", "-", "—", ", ", "‑", "-",
		"×", "x", "·", "*", "⋅", "*", "≤", "<=", "≥", ">=", "µ", "u", "μ", "u", "’", "'", "‘", "'", "“", `"`, "”", `"`)
)

// sentenceText is one sentence as written, and whether it is an item of a list.
type sentenceText struct {
	text string
	item bool
}

// sentences splits text without citations. A list item, a table row and a heading are sentences of their own.
func sentences(text string) []sentenceText {
	var out []sentenceText
	for _, block := range blocks(citation.ReplaceAllString(text, "")) {
		for _, s := range splitSentences(block.text) {
			for piece := range strings.SplitSeq(wrap(s), "\n") {
				out = append(out, sentenceText{piece, block.item})
			}
		}
	}
	return out
}

func blocks(text string) []sentenceText {
	var out []sentenceText
	open := false
	for line := range strings.SplitSeq(text, "\n") {
		item := listMarker.MatchString(line) || strings.HasPrefix(strings.TrimSpace(line), "|")
		heading := strings.HasPrefix(line, "#")
		clean := strings.TrimSpace(plainText(listMarker.ReplaceAllString(line, "")))
		switch {
		case clean == "":
			open = false
			continue
		case open && !item && !heading:
			out[len(out)-1].text += " " + clean
		default:
			out = append(out, sentenceText{clean, item})
		}
		open = !heading && !strings.HasSuffix(clean, ":")
	}
	return out
}

// maxSentence bounds the work per sentence: every number is compared with every word beside it.
const maxSentence = 600

// wrap breaks an overlong sentence into lines. It contains no newline of its own.
func wrap(s string) string {
	var lines []string
	for len(s) > maxSentence {
		cut := strings.LastIndexByte(s[:maxSentence], ' ')
		if cut <= 0 {
			cut = maxSentence
			for cut > 1 && !utf8.RuneStart(s[cut]) {
				cut--
			}
		}
		lines = append(lines, s[:cut])
		s = s[cut:]
	}
	return strings.Join(append(lines, s), "\n")
}

// plainText drops Markdown, but not the asterisk that multiplies.
func plainText(line string) string {
	return emphasis.ReplaceAllString(markup.ReplaceAllString(line, ""), "$1$2")
}

func splitSentences(block string) []string {
	var out []string
	start := 0
	for _, m := range sentenceEnd.FindAllStringIndex(block, -1) {
		end := m[0] + 1
		if m[0] < start || block[m[0]] == '.' && abbreviated.MatchString(block[start:end]) {
			continue
		}
		out = append(out, strings.TrimSpace(block[start:end]))
		start = end
	}
	if rest := strings.TrimSpace(block[start:]); strings.IndexFunc(rest, unicode.IsLetter) >= 0 {
		out = append(out, rest)
	}
	return out
}

// normalise writes superscripts, dashes, thin spaces and comparison signs in ASCII.
func normalise(s string) string {
	for thinDigits.MatchString(s) {
		s = thinDigits.ReplaceAllString(s, "$1,$2")
	}
	s = superRun.ReplaceAllStringFunc(s, func(m string) string { return "10^" + superscript.Replace(m[2:]) })
	s = punctuation.Replace(superscript.Replace(s))
	s = minus.ReplaceAllString(s, "-$1")
	s = degrees.ReplaceAllString(s, "°$1")
	return spaces.ReplaceAllString(s, " ")
}

// words makes a pattern of a phrase in which spaces, hyphens and slashes are equal.
func words(phrase string) string {
	parts := nameParts(phrase)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(parts, `[\s/-]+`)
}

func nameParts(phrase string) []string {
	return strings.FieldsFunc(phrase, func(r rune) bool { return r == ' ' || r == '-' || r == '/' })
}

// phrase compiles words with their usual endings. Short capitals are names and keep their case: AM is not am.
func phrase(text string) *regexp.Regexp {
	flags := "(?i)"
	if isCapitals(text) {
		flags = ""
	}
	return regexp.MustCompile(flags + wordStart(text) + words(text) + `(?:s|es|d|ed|ing)?` + wordEnd(text))
}

func isCapitals(text string) bool {
	return len(text) <= 4 && strings.ToUpper(text) == text
}

func wordStart(text string) string {
	if isWordByte(text[0]) {
		return `\b`
	}
	return ""
}

func wordEnd(text string) string {
	if isWordByte(text[len(text)-1]) {
		return `\b`
	}
	return ""
}
