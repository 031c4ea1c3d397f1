package dataset

import (
	"math/big"
	"regexp"
	"strings"
)

// PIIVersion names the patterns below.
const PIIVersion = "pii-1"

var (
	email = regexp.MustCompile(`\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b`)
	iban  = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b`)
	card  = regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`)
	// A phone number is international (+ or 00), or has a trunk 0 or an area code in a familiar grouping.
	// Plain groups of digits are left alone: here they are cycles, pressures and part numbers.
	phone = regexp.MustCompile(`(?:\+|\b00)\d{1,3}(?:[ ./()-]{0,3}\d){6,12}\b|\(0?\d{2,4}\)[ -]?\d{3,4}[ -]?\d{3,5}\b|\b0\d{2,4}[ /-]\d{3,}(?:[ -]?\d{2,})*\b|\b[2-9]\d{2}[-.]\d{3}[-.]\d{4}\b`)
)

// pattern is one kind of personal data. valid may refuse a match; before is the byte in front of it, 0 at the start.
type pattern struct {
	kind  string
	re    *regexp.Regexp
	valid func(found string, before byte) bool
}

func patterns() []pattern {
	return []pattern{
		{"email", email, nil},
		{"iban", iban, func(found string, _ byte) bool { return validIBAN(found) }},
		{"card", card, func(found string, _ byte) bool { return validCard(found) }},
		// The decimals of 0.0012345678 are no phone number.
		{"phone", phone, func(_ string, before byte) bool { return !strings.ContainsRune("0123456789.,-", rune(before)) }},
	}
}

// scrub replaces personal data by markers and counts what it found by kind.
func scrub(text string, counts map[string]int64) string {
	for _, p := range patterns() {
		text = p.replace(text, counts)
	}
	return text
}

func (p pattern) replace(text string, counts map[string]int64) string {
	var b strings.Builder
	last := 0
	for _, span := range p.re.FindAllStringIndex(text, -1) {
		before := byte(0)
		if span[0] > 0 {
			before = text[span[0]-1]
		}
		if p.valid != nil && !p.valid(text[span[0]:span[1]], before) {
			continue
		}
		counts[p.kind]++
		b.WriteString(text[last:span[0]] + "[" + strings.ToUpper(p.kind) + "]")
		last = span[1]
	}
	return b.String() + text[last:]
}

// validCard is Luhn's check.
func validCard(text string) bool {
	sum, n := 0, 0
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		d := int(text[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return sum%10 == 0 && strings.Trim(text, "0 -") != ""
}

// validIBAN is the remainder check of ISO 13616.
func validIBAN(text string) bool {
	s := strings.ReplaceAll(text, " ", "")
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	var digits strings.Builder
	for _, r := range s[4:] + s[:4] {
		if r >= 'A' && r <= 'Z' {
			digits.WriteString(big.NewInt(int64(r - 'A' + 10)).String())
		} else {
			digits.WriteRune(r)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
