package domain

import (
	"regexp"
	"strings"
)

// guarded is a pattern for text in lower case that runs only where one of its stems stands: most text denies nothing.
type guarded struct {
	pattern *regexp.Regexp
	stems   []string
}

func guard(pattern string, stems ...string) guarded {
	return guarded{regexp.MustCompile(pattern), stems}
}

func (g guarded) match(s string) bool {
	return containsAny(s, g.stems...) && g.pattern.MatchString(s)
}

// drop replaces the matches by a space.
func (g guarded) drop(s string) string {
	if !containsAny(s, g.stems...) {
		return s
	}
	return g.pattern.ReplaceAllString(s, " ")
}

const notPhrases = `(?:no|not|never) (?:more|greater|higher|larger|longer|later|less|fewer|lower|smaller) than|(?:not|never) (?:above|over|beyond|exceed(?:ing)?|below|under)|not exceed`

var (
	negation = guard(`\b(?:not|never|neither|nor|cannot|exclud\w+|exclusion|rejects?|rejected|fails?|unsuitable|instead of|rather than|unlike|out of scope|out of the scope|outside|beyond the scope)\b|n't\b|\b(?:no|without)(?:\s+[\w-]+){0,3}\s*$`,
		"no", "n't", "never", "neither", "exclu", "reject", "fail", "unsuitable", "instead of", "rather than", "unlike", "out of", "outside", "beyond the", "without")
	notNegation  = guard(`\bnot (?:only|just|merely)\b|\b(?:not|never) (?:excluded|outside|rejected)\b|^\W*(?:no|yes)\b\W*`, "no", "never ", "yes")
	negatedAfter = guard(`\b(?:is|are|was|were|do|does|did|can|may|must|should|would|will) (?:not|never)\b|n't\b|\bcannot\b|\bexcluded\b|\bexcludes\b|\boutside\b|\bout of (?:the )?scope\b|\bbeyond the scope\b|\btoo (?:hot|cold|high|low|much|many|large|small|long|fast)\b|\b(?:wrong|incorrect|false|rejected|fails?|unsuitable|forbidden)\b`,
		"not", "never", "n't", "excluded", "excludes", "outside", "scope", "too ", "wrong", "incorrect", "false", "rejected", "fail", "unsuitable", "forbidden")
	comparisonWords = guard(`\b(?:`+notPhrases+`)(?:\s+[\w-]+){0,2}?\s+-?\d`, "no ", "not ", "never ")
	openComparison  = guard(`\b(?:`+notPhrases+`)(?:\s+[\w-]+){0,2}\s*$`, "no ", "not ", "never ")
)

// negatedAt tells whether the words of a span are denied: by a negation before it, or by a denying verb after it.
func (p *parsed) negatedAt(start, end int) bool {
	i := p.segmentAt(start)
	seg := p.segments[i]
	return p.negatedFrom(p.withoutComparisons(seg.start, start), start, end)
}

// quantityNegated is negatedAt for a number.
// In "does not leak more than 100 ppm for five years" the first comparison uses the negation up.
func (p *parsed) quantityNegated(q quantity) bool {
	from := p.segments[p.segmentAt(q.start)].start
	for _, other := range p.quantities {
		if q.op == cmpNone && other.op != cmpNone && other.start >= from && other.end <= q.start {
			from = other.end
		}
	}
	before := openComparison.drop(p.withoutComparisons(from, q.start))
	return p.negatedFrom(before, q.start, q.end)
}

func (p *parsed) negatedFrom(before string, start, end int) bool {
	i := p.segmentAt(start)
	seg := p.segments[i]
	after := p.masked.lower[min(end, seg.end):seg.end]
	if negation.match(before) || negatedAfter.match(after) {
		return true
	}
	return i > 0 && p.inheritsNegation(i)
}

// inheritsNegation holds for "does not cover ball, butterfly or plug valves", not for "not here, at 5 bar".
func (p *parsed) inheritsNegation(i int) bool {
	seg, text := p.segments[i], p.segmentText(i)
	if !seg.plain || hasVerb(text) || newTopic[firstWord(strings.TrimLeft(text, segmentOpeners))] {
		return false
	}
	before := p.withoutComparisons(p.segments[i-1].start, p.segments[i-1].end)
	trimmed := strings.TrimLeft(before, " ,;:(")
	if strings.HasPrefix(trimmed, "not ") || strings.HasPrefix(trimmed, "and not ") {
		return false
	}
	return negation.match(before) || negatedAfter.match(before) || i > 1 && p.inheritsNegation(i-1)
}

// withoutComparisons drops "not above 24" and the like, whose negation is part of the comparison;
// the "not under" of a place stays.
func (p *parsed) withoutComparisons(from, to int) string {
	if from >= to {
		return ""
	}
	return notNegation.drop(comparisonWords.drop(p.masked.lower[from:to]))
}
