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
	abbreviated = setOf("std", "approx", "e.g", "i.e", "max", "min", "no", "vs", "ca", "cl", "resp", "fig", "sec", "temp", "dia", "incl")
	spaces      = regexp.MustCompile(`\s+`)
	degrees     = regexp.MustCompile(`°\s*([CF])\b`)
	superscript = strings.NewReplacer("⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9", "⁻", "-", "⁺", "+")
	superRun    = regexp.MustCompile(`10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)`)
	thinDigits  = regexp.MustCompile(`(\d)[\x{00a0}\x{2009}\x{202f}](\d{3})\b`)
	// The last two are the Kelvin sign and the long s: without them no letter outside ASCII folds to one inside.
	punctuation = strings.NewReplacer("\u00a0", " ", "\u2009", " ", "\u202f", " ", "−", "-", "–", "-", "—", ", ", "‑", "-",
		"×", "x", "·", "*", "⋅", "*", "≤", "<=", "≥", ">=", "µ", "u", "μ", "u", "’", "'", "‘", "'", "“", `"`, "”", `"`,
		"\u212a", "K", "\u017f", "s")
)

const (
	longestAbbreviation = 6
	space               = " \t\n\f\r"
)

// sentenceText is one sentence as written, and whether it is an item of a list.
type sentenceText struct {
	text string
	item bool
}

// sentences splits text without citations. A list item, a table row and a heading are sentences of their own.
func sentences(text string) []sentenceText {
	var out []sentenceText
	if strings.Contains(text, "[") {
		text = citation.ReplaceAllString(text, "")
	}
	for _, block := range blocks(text) {
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
		marker := listMarker.FindString(line)
		item := marker != "" || strings.HasPrefix(strings.TrimSpace(line), "|")
		heading := strings.HasPrefix(line, "#")
		clean := strings.TrimSpace(plainText(line[len(marker):]))
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
	if !strings.ContainsAny(line, "*`#") {
		return line
	}
	return emphasis.ReplaceAllString(markup.ReplaceAllString(line, ""), "$1$2")
}

func splitSentences(block string) []string {
	var out []string
	start := 0
	for i := range len(block) {
		if !endsSentence(block, i) || block[i] == '.' && abbreviated.endOf(strings.ToLower(block[start:i]), longestAbbreviation) {
			continue
		}
		out = append(out, strings.TrimSpace(block[start:i+1]))
		start = i + 1
	}
	if rest := strings.TrimSpace(block[start:]); strings.IndexFunc(rest, unicode.IsLetter) >= 0 {
		out = append(out, rest)
	}
	return out
}

// endsSentence holds for a full stop before a space and what may open a sentence, with quotes and brackets between.
func endsSentence(s string, at int) bool {
	if s[at] != '.' && s[at] != '!' && s[at] != '?' {
		return false
	}
	behind := strings.TrimLeft(s[at+1:], `"')`)
	next := strings.TrimLeft(behind, space)
	opening := strings.TrimLeft(next, `"'(`)
	if len(next) == len(behind) {
		return false
	}
	quoted := strings.Contains(next[:len(next)-len(opening)], `"`)
	return quoted || opening != "" && (opening[0] == '-' || opening[0] >= '0' && opening[0] <= '9' || opening[0] >= 'A' && opening[0] <= 'Z')
}

// normalise writes superscripts, dashes, thin spaces and comparison signs in ASCII.
func normalise(s string) string {
	if !isASCII(s) {
		s = plainSigns(s)
	}
	if strings.Contains(lowered(s), "minus ") {
		s = minus.ReplaceAllString(s, "-$1")
	}
	if strings.Contains(s, "°") {
		s = degrees.ReplaceAllString(s, "°$1")
	}
	if strings.Contains(s, "  ") || strings.ContainsAny(s, space[1:]) {
		s = spaces.ReplaceAllString(s, " ")
	}
	return s
}

func plainSigns(s string) string {
	for thinDigits.MatchString(s) {
		s = thinDigits.ReplaceAllString(s, "$1,$2")
	}
	s = superRun.ReplaceAllStringFunc(s, func(m string) string { return "10^" + superscript.Replace(m[2:]) })
	return punctuation.Replace(superscript.Replace(s))
}
