package domain

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// unitTable finds a unit behind or before a number.
type unitTable struct {
	byName map[string]*Unit
	// aliases are kept by their first byte, the longest first.
	aliases [256][]alias
	prefix  []prefixUnit
}

type alias struct {
	text string
	unit *Unit
}

type prefixUnit struct {
	// parts are the words of the name in lower case.
	parts []string
	unit  *Unit
}

func newUnitTable(own []Unit) *unitTable {
	t := &unitTable{byName: map[string]*Unit{}}
	for _, u := range builtinUnits() {
		t.add(u)
	}
	for i := range own {
		u := own[i]
		u.dim, u.factor, u.word = dimension("count "+u.Name), 1, true
		if u.Prefix {
			t.addPrefix(&u)
			continue
		}
		u.Aliases = append([]string{u.Name + "s"}, u.Aliases...)
		t.add(&u)
	}
	for _, list := range t.aliases {
		slices.SortStableFunc(list, func(a, b alias) int { return len(b.text) - len(a.text) })
	}
	return t
}

func (t *unitTable) add(u *Unit) {
	t.byName[u.Name] = u
	for _, name := range append([]string{u.Name}, u.Aliases...) {
		if u.dim != dimYear && name != "" {
			first := firstByte(name)
			t.aliases[first] = append(t.aliases[first], alias{name, u})
		}
		if _, taken := t.byName[name]; !taken {
			t.byName[name] = u
		}
	}
}

func (t *unitTable) addPrefix(u *Unit) {
	t.byName[u.Name] = u
	for _, name := range append([]string{u.Name}, u.Aliases...) {
		if parts := nameParts(lowered(name)); len(parts) > 0 {
			t.prefix = append(t.prefix, prefixUnit{parts, u})
		}
	}
}

// firstByte is the same for the upper and the lower case of a letter.
func firstByte(s string) byte {
	if b := s[0]; b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return min(s[0], utf8.RuneSelf)
}

// after matches a unit directly behind a number and returns it with the length matched.
func (t *unitTable) after(s string) (*Unit, int) {
	rest := strings.TrimLeft(strings.TrimPrefix(s, "-"), " ")
	if rest == "" {
		return nil, 0
	}
	gap := len(s) - len(rest)
	for _, a := range t.aliases[firstByte(rest)] {
		if a.matches(rest) && endsWord(rest, len(a.text)) && !isPreposition(a.text, rest) {
			return a.unit, gap + len(a.text)
		}
	}
	return nil, 0
}

func (a alias) matches(s string) bool {
	if len(s) < len(a.text) {
		return false
	}
	if a.unit.exact {
		return strings.HasPrefix(s, a.text)
	}
	return strings.EqualFold(s[:len(a.text)], a.text)
}

var inchFollows = regexp.MustCompile(`^in(?:\.|\s*[^\sa-z]|\s+(?:thick|wide|long|pipe|diameter|per)\b|\s*$)`)

// isPreposition tells the "in" of "24 in class 900" from the inch of "0.131 in thick".
func isPreposition(alias, s string) bool {
	return alias == "in" && !inchFollows.MatchString(s)
}

func endsWord(s string, at int) bool {
	if at >= len(s) || !isWordByte(s[at-1]) {
		return true
	}
	return !isWordByte(s[at])
}

// A preposition or verb ends the noun phrase that a number opens.
var notAdjective = setOf("and", "or", "to", "of", "in", "at", "for", "is", "are", "was", "with", "the", "by", "than", "more", "less", "per",
	"from", "on", "over", "under", "above", "below", "a", "an", "within", "runs", "run", "plus")

// afterAdjectives matches a word unit behind up to three adjectives, as in "5 good quarters".
func (t *unitTable) afterAdjectives(s string) (*Unit, int) {
	at := 0
	for range 3 {
		start := at + len(s[at:]) - len(strings.TrimLeft(s[at:], " -"))
		end := start
		for end < len(s) && s[end] >= 'a' && s[end] <= 'z' {
			end++
		}
		if start == at || end == start || notAdjective[s[start:end]] {
			return nil, 0
		}
		at = end
		if u, n := t.after(s[at:]); u != nil && u.word && n > 2 {
			return u, at + n
		}
	}
	return nil, 0
}

// before matches a prefix unit that ends where a number starts, as in "classes of", and returns it with the length matched.
func (t *unitTable) before(c cased) (*Unit, int) {
	ends := nameEnds(c.text)
	for _, p := range t.prefix {
		for _, end := range ends {
			if start, ok := p.endOf(c.lower[:end]); ok {
				return p.unit, len(c.text) - start
			}
		}
	}
	return nil, 0
}

var linking = setOf("of", "is", "from", "between")

// nameEnds are the places where a name may end before a number: before a sign, a linking word and the ending of the plural.
func nameEnds(s string) []int {
	s = strings.TrimRight(s, " ")
	if strings.HasSuffix(s, "=") || strings.HasSuffix(s, ":") {
		s = strings.TrimRight(s[:len(s)-1], " ")
	}
	ends := singular(nil, s)
	if at := strings.LastIndexByte(s, ' '); at >= 0 && linking[s[at+1:]] {
		ends = singular(ends, s[:at])
	}
	return ends
}

func singular(ends []int, s string) []int {
	ends = append(ends, len(s))
	if strings.HasSuffix(s, "s") {
		ends = append(ends, len(s)-1)
	}
	if strings.HasSuffix(s, "es") {
		ends = append(ends, len(s)-2)
	}
	return ends
}

// endOf returns where the name starts that ends s.
func (p prefixUnit) endOf(s string) (int, bool) {
	at := len(s)
	for i := len(p.parts) - 1; i >= 0; i-- {
		if !strings.HasSuffix(s[:at], p.parts[i]) {
			return 0, false
		}
		at -= len(p.parts[i])
		if i > 0 {
			end := len(strings.TrimRight(s[:at], " -/"))
			if end == at {
				return 0, false
			}
			at = end
		}
	}
	return at, startsWord(s, at)
}
