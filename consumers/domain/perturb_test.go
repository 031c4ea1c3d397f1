package domain_test

import (
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/ragline/ragline/consumers/domain"
)

// perturber makes sentences that are nearly right: numbers, names, units, comparisons and negations change places.
type perturber struct {
	rand     *rand.Rand
	base     []string
	entities []string
	numbers  []string
	phrases  []string
}

var (
	anyNumber   = regexp.MustCompile(`-?\d[\d,.]*\d|\d`)
	anyVerb     = regexp.MustCompile(`\b(?:is|are|runs|tests|accepts|covers|may|must|has|means|needs|reach|limits)\b`)
	unitWords   = []string{"C", "F", "°F", "psi", "barg", "ppmv", "%", "cycles", "mechanical cycles", "thermal cycles", "h", "years", "mm", "mbar l/s per mm", "mbar·l/(s·m)", "mg/(s m)", "lb/yr", "plies", ""}
	comparisons = []string{
		"at most ", "more than ", "no more than ", "about ", "up to ", "not above ", "at least ", "below ", "over ", "limited to ", "at ", "at about ",
		"a maximum of ", "min. ", "does not exceed ", "only ", "roughly ", "between 10 and ", "NPS ", "class ", "≥ ", "<", "~", "-", "minus ", "0 to ", "the lower of ",
	}
	afterwards = []string{" or more", " and above", " or less", " maximum", "+", " (500 F)", " or 12", ", 100 and 500", " at least", " plus"}
	denials    = []string{"not", "never", "does not", "cannot", "no longer", "not only", "rejects", "excludes", "is outside of", "without", "instead of"}
	joints     = []string{" and ", ", but ", "; ", ". It ", " while ", ", ", ".\n\nThis ", "\n- ", " (", "? ", " [doc-1]. The standard ", " | ", ": ", ", which ", " and also ", " or "}
	openings   = []string{"No, ", "Yes, ", "In air ", "Unlike API 622, ", "**", "# ", "- ", "1. ", "According to the handbook, ", "| ", "It ", "The test "}
	looks      = strings.NewReplacer("-", "–", " to ", "–", "10^-7", "10⁻⁷", "e-7", " × 10⁻⁷", ",", "\u202f", "<=", "≤", "l/s", "l·s⁻¹", "'", "’")
)

func newPerturber(p *domain.Pack) *perturber {
	t := &perturber{rand: rand.New(rand.NewPCG(20261124, 1)), base: sentencesOf(p)} //nolint:gosec // The same texts each time.
	for _, text := range t.base {
		t.numbers = append(t.numbers, anyNumber.FindAllString(text, -1)...)
	}
	for _, row := range p.Facts.Rows() {
		t.entities = append(t.entities, row.Entity)
		for _, list := range [][]string{row.Keywords, row.Avoid, row.Right, row.Wrong} {
			t.phrases = append(t.phrases, list...)
		}
	}
	return t
}

func (p *perturber) texts(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		text := p.pick(p.base)
		for range 1 + p.rand.IntN(4) {
			text = p.change(text)
		}
		texts[i] = text
	}
	return texts
}

func (p *perturber) pick(list []string) string { return list[p.rand.IntN(len(list))] }

func (p *perturber) change(s string) string {
	switch p.rand.IntN(12) {
	case 0:
		return p.around(s, anyNumber, func(string) string { return p.pick(p.numbers) })
	case 1:
		return p.around(s, anyNumber, func(number string) string { return p.pick(comparisons) + number })
	case 2:
		return p.around(s, anyNumber, func(number string) string { return number + p.pick(afterwards) })
	case 3:
		return p.around(s, anyNumber, func(number string) string { return number + " " + p.pick(unitWords) })
	case 4:
		return strings.ReplaceAll(s, p.pick(p.entities), p.pick(p.entities))
	case 5:
		return p.around(s, regexp.MustCompile(`\b(?:API|ISO|ASME|EPA|EN)\b[ \w.-]{3,8}`), func(string) string { return p.pick(p.entities) })
	case 6:
		return p.around(s, anyVerb, func(verb string) string { return verb + " " + p.pick(denials) })
	case 7:
		return s + p.pick(joints) + p.pick(p.base)
	case 8:
		return p.pick(openings) + s
	case 9:
		return p.word(s, func(string) string { return p.pick(p.phrases) })
	case 10:
		return p.word(s, func(word string) string {
			return p.pick([]string{"", strings.ToUpper(word), word + " " + word, word + ",", word + "s"})
		})
	}
	return looks.Replace(s)
}

// around replaces one match.
func (p *perturber) around(s string, pattern *regexp.Regexp, replace func(string) string) string {
	spans := pattern.FindAllStringIndex(s, -1)
	if len(spans) == 0 {
		return s
	}
	span := spans[p.rand.IntN(len(spans))]
	return s[:span[0]] + replace(s[span[0]:span[1]]) + s[span[1]:]
}

func (p *perturber) word(s string, replace func(string) string) string {
	words := strings.Split(s, " ")
	i := p.rand.IntN(len(words))
	words[i] = replace(words[i])
	return strings.Join(words, " ")
}
