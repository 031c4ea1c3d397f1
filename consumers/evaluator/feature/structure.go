package feature

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

const evaluativeList = `popular renowned perfect ideal highly variety wide range atmosphere delicious friendly great
excellent cozy convenient vibrant unique favorite overall despite`

var (
	evaluative = wordSet(evaluativeList)
	clock      = regexp.MustCompile(`\b(\d{1,2}):(\d{2})\b`)
	halfDay    = regexp.MustCompile(`(?i)\b(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\b`)
	denial     = regexp.MustCompile(`(?i)\bnot\s+(?:\w+\s+){0,2}?(?:mention|provide|specif)`)
	listItem   = regexp.MustCompile(`(?m)^\s*(?:\d+\.|[-*•])\s`)
)

// addClocks collects the hh:mm values of a context. Most contexts have none: a scan for the colon is cheap.
func (a *Analysis) addClocks(text string) {
	if !strings.Contains(text, ":") {
		return
	}
	for _, m := range clock.FindAllStringSubmatch(text, -1) {
		if a.clocks == nil {
			a.clocks = make(map[int]struct{})
		}
		a.clocks[minutes(m[1], m[2])] = struct{}{}
		a.hasClock = true
	}
}

func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// wrongTimes is ln(1 + n) of the answer's am/pm times that the context does not have.
func (a *Analysis) wrongTimes() float64 {
	if !a.hasClock {
		return 0
	}
	bad := 0.0
	for _, m := range halfDay.FindAllStringSubmatch(a.in.Answer, -1) {
		t := minutes(m[1], m[2]) % (12 * 60)
		if strings.EqualFold(m[3], "p") {
			t += 12 * 60
		}
		if _, ok := a.clocks[t]; !ok {
			bad++
		}
	}
	return math.Log1p(bad)
}

// nullFields returns the starts of the keys whose value is null in a flattened passage.
func nullFields(flat string) []string {
	var keys []string
	for line := range strings.Lines(flat) {
		path, null := strings.CutSuffix(strings.TrimSpace(line), ": None")
		if !null {
			continue
		}
		words := strings.Fields(strings.ToLower(path))
		if len(words) == 0 {
			continue
		}
		key := words[len(words)-1]
		for _, noise := range []string{"restaurants", "business"} {
			key = strings.TrimPrefix(key, noise)
		}
		if key != "" {
			keys = append(keys, key[:min(6, len(key))])
		}
	}
	return keys
}

// nullClaims is ln(1 + n) of the null fields that a word of the answer starts with.
func (a *Analysis) nullClaims() float64 {
	n := 0.0
	for _, key := range a.nulls {
		for _, t := range a.answer {
			if strings.HasPrefix(a.lex.stems[t.id], key) {
				n++
				break
			}
		}
	}
	return math.Log1p(n)
}

// subjectivity weighs evaluative words. They are looked up as written: stems would miss "highly".
func (a *Analysis) subjectivity() float64 {
	seen := make([]bool, len(a.lex.stems))
	var distinct, found float64
	var buf [24]byte
	for _, t := range a.answer {
		if seen[t.id] {
			continue
		}
		seen[t.id] = true
		distinct++
		word := a.in.Answer[t.start:t.end]
		if len(word) > len(buf) {
			continue
		}
		if _, ok := evaluative[string(lower(buf[:0], word))]; ok {
			found++
		}
	}
	return 10 * found / max(5, distinct)
}

// hedge is 1 when the answer says that it does not know.
func hedge(answer string) float64 {
	text := strings.ToLower(answer)
	if strings.Contains(text, "unable to answer") || strings.Contains(text, "no information") ||
		strings.Contains(text, "not ") && denial.MatchString(text) {
		return 1
	}
	return 0
}

func listLines(answer string) float64 {
	if !strings.ContainsAny(answer, "\n") {
		return 0
	}
	return math.Log1p(float64(len(listItem.FindAllStringIndex(answer, -1))))
}
