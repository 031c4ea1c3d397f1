package domain

import (
	"regexp"
	"strings"
)

type comparisonPhrase struct {
	pattern string
	op      comparison
}

// The longer phrase stands first: "not more than" before "more than".
var beforeNumber = []comparisonPhrase{
	{`at most|up to|(?:no|not|never) (?:more|greater|higher|larger|longer|later) than|(?:not|never) (?:above|over|beyond|exceed(?:ing)?)|(?:does|do|must|may|shall|should|can) ?not exceed|limited to|limit(?: is| of)?|max(?:imum)?\.?(?: of| is)?|within|lower of|<=|less than or equal to|at or below|or below`, cmpLE},
	{`at least|(?:no|not|never) (?:less|fewer|lower|smaller) than|(?:not|never) (?:below|under)|min(?:imum)?\.?(?: of| is)?|starting at|>=|down to|greater than or equal to|at or above|or above`, cmpGE},
	{`above|more than|over|greater than|exceed(?:s|ing)?|larger than|higher than|beyond|longer than|>`, cmpGT},
	{`below|less than|under|smaller than|lower than|fewer than|<`, cmpLT},
}

var afterNumber = []comparisonPhrase{
	{`(?:or|and) (?:more|above|higher|larger|greater|over|beyond|up|upwards)|plus|minimum|at least`, cmpGE},
	{`(?:or|and) (?:less|below|lower|fewer|smaller|under)|maximum|at most`, cmpLE},
}

const filler = `(?:\s+(?:about|approximately|around|roughly|some|a|an|the|exactly|only))*\s*$`

var (
	beforePatterns  = compilePhrases(beforeNumber, `(?i)(?:^|[^\w])(?:`, `)`+filler)
	afterPatterns   = compilePhrases(afterNumber, `(?i)^\W{0,2}(?:`, `)\b`)
	comparisonWords = regexp.MustCompile(`(?i)\b(?:` + notPhrases + `)(?:\s+[\w-]+){0,2}?\s+-?\d`)
	openComparison  = regexp.MustCompile(`(?i)\b(?:` + notPhrases + `)(?:\s+[\w-]+){0,2}\s*$`)
	approximate     = regexp.MustCompile(`(?i)(?:\b(?:about|approximately|approx\.?|around|roughly|nearly|almost|near|some|circa|ca\.?)|~)\s*$`)
	pointPrefix     = regexp.MustCompile(`(?i)\bat(?:\s+(?:about|a temperature of|a pressure of))?\s*$`)
)

const notPhrases = `(?:no|not|never) (?:more|greater|higher|larger|longer|later|less|fewer|lower|smaller) than|(?:not|never) (?:above|over|beyond|exceed(?:ing)?|below|under)|not exceed`

func compilePhrases(list []comparisonPhrase, before, after string) []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(list))
	for i, entry := range list {
		out[i] = regexp.MustCompile(before + entry.pattern + after)
	}
	return out
}

// compareAll finds the comparison of every quantity.
// A list and a bracket take over that of the number before: "at most 50, 100 and 500", "above 260 C (500 F)".
func (p *parsed) compareAll() {
	for i := range p.quantities {
		q := &p.quantities[i]
		before := p.masked[:q.start]
		q.approx = approximate.MatchString(before)
		q.at = pointPrefix.MatchString(before)
		if q.op == cmpNone {
			q.op = comparisonAround(before, p.behind(i))
		}
		if q.op == cmpNone && i > 0 && p.quantities[i-1].end <= q.start && takesOver(p.masked[p.quantities[i-1].end:q.start]) {
			q.op, q.at, q.approx = p.quantities[i-1].op, p.quantities[i-1].at, p.quantities[i-1].approx
		}
	}
}

// behind is the text up to the next quantity without the word that belongs to that one, as in "1500 or below 7 bar".
func (p *parsed) behind(i int) string {
	end := len(p.masked)
	if i+1 < len(p.quantities) && p.quantities[i+1].start >= p.quantities[i].end {
		end = p.quantities[i+1].start
	}
	text := p.masked[p.quantities[i].end:end]
	trimmed := strings.TrimRight(text, " ")
	if end < len(p.masked) && trimmed != "" && isWordByte(trimmed[len(trimmed)-1]) {
		return trimmed[:strings.LastIndexByte(trimmed, ' ')+1]
	}
	return text
}

func comparisonAround(before, after string) comparison {
	for i, pattern := range afterPatterns {
		if pattern.MatchString(after) {
			return afterNumber[i].op
		}
	}
	for i, pattern := range beforePatterns {
		if pattern.MatchString(before) {
			return beforeNumber[i].op
		}
	}
	return cmpNone
}

var listOrBracket = regexp.MustCompile(`^\s*(?:\(|or|and|nor|,|/|,\s*or|,\s*and|=)\s*$`)

func takesOver(gap string) bool {
	return listOrBracket.MatchString(strings.ReplaceAll(gap, "_", ""))
}
