package domain

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// comparison is how a text relates a number to the thing it speaks about.
type comparison string

const (
	cmpNone comparison = ""
	cmpEQ   comparison = "="
	cmpLE   comparison = "<="
	cmpLT   comparison = "<"
	cmpGE   comparison = ">="
	cmpGT   comparison = ">"
)

var flipped = map[comparison]comparison{cmpLE: cmpGT, cmpGT: cmpLE, cmpGE: cmpLT, cmpLT: cmpGE}

// quantity is a number or range with its unit, as one sentence states it.
type quantity struct {
	lo, hi float64
	ranged bool
	unit   *Unit
	op     comparison
	// at means a point, as in "at 500 C", not a limit.
	at, approx, scientific bool
	// precision is half of the last decimal written; 0 for whole numbers.
	precision  float64
	start, end int // of number and unit
	numStart   int
	numEnd     int
	spelled    bool
	// zone is the noun phrase around it.
	zone cased
}

var (
	// number is tried at digits only.
	number     = regexp.MustCompile(`(?i)^(?:10\s*\^\s*[-+]?\d+|(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: 000)+|\d+)(?:\.\d+)?(?:\s?(?:million|billion|thousand)\b|e[-+]?\d+|\s*[x*]\s*10\s*(?:\^\s*[-+]?\d+|[-+]\d+))?)`)
	powerOfTen = regexp.MustCompile(`(?i)^10\s*\^\s*([-+]?\d+)`)
	mantissa   = regexp.MustCompile(`(?i)^([\d., ]+?)\s*[x*]\s*10\s*\^?\s*([-+]?\d+)$`)
	spelledOut = map[string]float64{
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
		"ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
	}
	multipliers = map[string]float64{"thousand": 1e3, "million": 1e6, "billion": 1e9}
	digitsOnly  = strings.NewReplacer(",", "", " ", "")
	rangeGap    = setOf("-", "..", "...", "to", "up to", "through")
	listGap     = regexp.MustCompile(`^[\s()]*(?:[a-z]+\s+){0,2}?(?:,|and|or|nor|/|,\s*and|,\s*or|resp\.?)[\s()]*(?:about\s*)?$|^\s*=\s*$`)
	calendar    = regexp.MustCompile(`^(?:19|20)\d\d$`)
	dated       = regexp.MustCompile(`(?i)(?:\bin|\bof|since|edition|until|january|february|march|april|may|june|july|august|september|october|november|december),?\s*$`)
)

// quantities finds the numbers of a normalised sentence in which names are masked with underscores.
func (t *unitTable) quantities(s string) []quantity {
	var found []quantity
	end, c := 0, fold(s)
	for at := 0; at < len(s); {
		length := numberLength(s, at)
		// A number inside the unit of the one before, as in "mm-1", is no value.
		if length > 0 && at >= end {
			if q, ok := t.quantity(c, at, at+length); ok {
				q.start = max(q.start, end)
				end = q.end
				found = append(found, q)
			}
		}
		at += max(length, 1)
	}
	found = mergeRanges(s, found)
	shareUnits(s, found)
	for i := range found {
		t.lastResort(s, found, i)
	}
	return withUnits(found)
}

// numberLength is how long the number is that begins at a position, in digits or spelled out, or 0.
func numberLength(s string, at int) int {
	switch {
	case s[at] >= '0' && s[at] <= '9':
		return len(number.FindString(s[at:]))
	case isWordByte(s[at]) && startsWord(s, at):
		if word := firstWord(s[at:]); spelledOut[strings.ToLower(word)] != 0 {
			return len(word)
		}
	}
	return 0
}

func (t *unitTable) quantity(c cased, start, end int) (quantity, bool) {
	s := c.text
	if start > 0 && (isWordByte(s[start-1]) || s[start-1] == '.') {
		return quantity{}, false
	}
	q := quantity{start: start, numStart: start, spelled: spelledOut[strings.ToLower(s[start:end])] != 0}
	q.lo = parseNumber(s[start:end])
	if signedAt(s, start) {
		q.lo, q.start, q.numStart = -q.lo, start-1, start-1
	}
	q.hi, q.end, q.numEnd = q.lo, end, end
	q.scientific = !q.spelled && strings.ContainsAny(strings.ToLower(s[start:end]), "ex^*")
	q.precision = precisionOf(s[start:end])
	if end < len(s) && s[end] == '+' {
		q.op, q.end, q.numEnd = cmpGE, end+1, end+1
	}
	t.attachUnit(c, &q)
	return q, !q.spelled || q.unit != nil
}

func (t *unitTable) attachUnit(c cased, q *quantity) {
	s := c.text
	if u, n := t.before(c.slice(0, q.start)); u != nil {
		q.unit, q.start = u, q.start-n
	} else if u, n := t.after(s[q.end:]); u != nil && (u.word || !q.spelled) {
		q.unit, q.end = u, q.end+n
	} else if u, n := t.afterAdjectives(s[q.end:]); u != nil {
		q.unit, q.end = u, q.end+n
	}
}

// signedAt tells the minus of -29 from the dash of 0-600 and of a hyphenated name.
func signedAt(s string, start int) bool {
	return start > 0 && s[start-1] == '-' && (start == 1 || s[start-2] == ' ' || s[start-2] == '(')
}

func parseNumber(raw string) float64 {
	raw = strings.ToLower(raw)
	if v, ok := spelledOut[raw]; ok {
		return v
	}
	if strings.ContainsAny(raw, "^x*") {
		if v, ok := parsePower(raw); ok {
			return v
		}
	}
	for word, factor := range multipliers {
		if number, ok := strings.CutSuffix(raw, word); ok {
			return atof(number) * factor
		}
	}
	return atof(raw)
}

func parsePower(raw string) (float64, bool) {
	if m := powerOfTen.FindStringSubmatch(raw); m != nil {
		return math.Pow(10, atof(m[1])), true
	}
	if m := mantissa.FindStringSubmatch(raw); m != nil {
		// ParseFloat rounds 1.78e-7 once; a product with Pow would round twice.
		return atof(m[1] + "e" + strings.TrimPrefix(m[2], "+")), true
	}
	return 0, false
}

func atof(s string) float64 {
	// The pattern admits only digits here; out of range becomes an infinity that matches nothing.
	v, _ := strconv.ParseFloat(digitsOnly.Replace(s), 64)
	return v
}

func precisionOf(raw string) float64 {
	_, decimals, ok := strings.Cut(raw, ".")
	if !ok {
		return 0
	}
	digits := 0
	for digits < len(decimals) && decimals[digits] >= '0' && decimals[digits] <= '9' {
		digits++
	}
	scale := 1.0
	if exponent := strings.TrimLeft(decimals[digits:], " "); exponent != "" {
		scale = parseNumber("1" + exponent)
	}
	return 0.5 * math.Pow(10, -float64(digits)) * scale
}

func mergeRanges(s string, list []quantity) []quantity {
	var merged []quantity
	for _, q := range list {
		if n := len(merged); n > 0 && opensRange(s, merged[n-1], q) {
			a := &merged[n-1]
			a.ranged, a.hi, a.end, a.numEnd = true, q.lo, q.end, q.numEnd
			a.precision = math.Max(a.precision, q.precision)
			if q.unit != nil {
				a.unit = q.unit
			}
			continue
		}
		merged = append(merged, q)
	}
	return merged
}

func opensRange(s string, a, b quantity) bool {
	if a.ranged || a.end > b.start || a.spelled != b.spelled {
		return false
	}
	gap := s[a.end:b.start]
	between := strings.HasSuffix(strings.TrimRight(s[:a.start], " "), "between") && strings.TrimSpace(gap) == "and"
	return (between || rangeGap.gap(gap)) && (a.unit == nil || b.unit == nil || a.unit.dim == b.unit.dim)
}

// shareUnits gives the unit of "50, 100 and 500 ppm" to all three, and that of "NPS 24 and 12" to both.
func shareUnits(s string, list []quantity) {
	for i := len(list) - 2; i >= 0; i-- {
		if list[i].unit == nil && list[i+1].unit != nil && !list[i+1].unit.Prefix && joined(s, list[i], list[i+1]) && !isDated(s, list[i]) {
			list[i].unit = list[i+1].unit
		}
	}
	for i := 1; i < len(list); i++ {
		if list[i].unit == nil && list[i-1].unit != nil && list[i-1].unit.Prefix && joined(s, list[i-1], list[i]) {
			list[i].unit = list[i-1].unit
		}
	}
}

func joined(s string, a, b quantity) bool {
	if a.end > b.start {
		return false
	}
	gap := strings.Map(func(r rune) rune {
		if r == '_' {
			return ' '
		}
		return r
	}, s[a.end:b.start])
	return listGap.MatchString(gap)
}

func isDated(s string, q quantity) bool {
	return calendar.MatchString(s[q.numStart:q.numEnd]) && dated.MatchString(s[:q.numStart])
}

func withUnits(list []quantity) []quantity {
	var kept []quantity
	for _, q := range list {
		if q.unit != nil || q.scientific {
			kept = append(kept, q)
		}
	}
	return kept
}

var countBefore = regexp.MustCompile(`^(?:\s+[\w-]+){0,6}?\s*(?:\bis|\bare|\bwas|=|:|\bof|\bat)\s*$`)

// lastResort reads a bare year as a calendar year, and "the number of cycles is 310" backwards.
func (t *unitTable) lastResort(s string, list []quantity, i int) {
	q := &list[i]
	if q.unit != nil || q.scientific || q.ranged {
		return
	}
	if calendar.MatchString(s[q.numStart:q.numEnd]) {
		q.unit = t.byName["year"]
		return
	}
	from := 0
	if i > 0 {
		from = list[i-1].end
	}
	zone := s[from:q.start]
	for at := strings.LastIndexByte(zone, ' '); at >= 0; at = strings.LastIndexByte(zone[:at], ' ') {
		if u, n := t.after(zone[at:]); u != nil && strings.HasPrefix(string(u.dim), "count ") && countBefore.MatchString(zone[at+n:]) {
			q.unit = u
			return
		}
	}
}
