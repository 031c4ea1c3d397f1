package domain

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// parsed is one sentence taken apart.
type parsed struct {
	text       string
	norm       string
	masked     string
	mentions   []mention
	quantities []quantity
	segments   []segment
	pairs      map[int]int
	// carried is the subject of the sentence before, when this one says "it".
	carried string
}

// segment is a stretch between commas and conjunctions: the reach of a negation. Brackets are part of it.
type segment struct {
	start, end int
	// plain: a comma opened it, so it may go on with what was said before.
	plain bool
}

const verbs = `accepts?|allows?|applies|are|asks?|belongs?|calls?|can|cannot|concerns?|covers?|demands?|did|does|do|excludes?|gives?|has|have|is|limits?|may|means?|measures?|must|needs?|permits?|reaches|rejects?|requires?|runs?|sets?|should|specifies|takes?|tests?|type-tests?|uses?|was|were|will|would`

var (
	separator     = regexp.MustCompile(`[;|]|,\s|:\s+(?:[^\d\s<>=-])|\s(?:but|while|whereas|although|though|yet|so|because|which|whose)\s|\sand\s+(?:it|they|also|not|nor|never|` + verbs + `)\b`)
	hasVerb       = regexp.MustCompile(`(?i)\b(?:` + verbs + `)\b`)
	continuesWith = regexp.MustCompile(`(?i)^[\s,;:(]*(?:and\s+|but\s+|so\s+)?(?:also\s+)?(?:in|for|with|not|or|nor|neither|only|all|every|any|regardless|at|by|on|it|its|they|including|such|up|above|below|under|over|within|` + verbs + `)\b`)
	newTopic      = regexp.MustCompile(`(?i)^[\s,;:(]*(?:but|so|at|with|in|it|they|while|whereas)\b`)
	negation      = regexp.MustCompile(`(?i)\b(?:not|never|neither|nor|cannot|exclud\w+|exclusion|rejects?|rejected|fails?|unsuitable|instead of|rather than|unlike|out of scope|out of the scope|outside|beyond the scope)\b|n't\b|\b(?:no|without)(?:\s+[\w-]+){0,3}\s*$`)
	notNegation   = regexp.MustCompile(`(?i)\bnot (?:only|just|merely)\b|\b(?:not|never) (?:excluded|outside|rejected)\b|^\W*(?:no|yes)\b\W*`)
	negatedAfter  = regexp.MustCompile(`(?i)\b(?:is|are|was|were|do|does|did|can|may|must|should|would|will) (?:not|never)\b|n't\b|\bcannot\b|\bexcluded\b|\bexcludes\b|\boutside\b|\bout of (?:the )?scope\b|\bbeyond the scope\b|\btoo (?:hot|cold|high|low|much|many|large|small|long|fast)\b|\b(?:wrong|incorrect|false|rejected|fails?|unsuitable|forbidden)\b`)
)

func (f *Facts) parse(text, carried string) *parsed {
	p := &parsed{text: text, norm: normalise(text), carried: carried}
	p.mentions = f.names.find(p.norm)
	p.masked = mask(p.norm, p.mentions)
	p.quantities = f.units.quantities(p.masked)
	p.segments = split(p.masked)
	p.compareAll()
	p.pairs = pair(p.masked, p.mentions, p.quantities)
	return p
}

func split(s string) []segment {
	var out []segment
	start, plain := 0, false
	for _, m := range separator.FindAllStringIndex(s, -1) {
		if m[0] < start {
			continue
		}
		out = append(out, segment{start, m[0], plain})
		start, plain = m[0], s[m[0]] == ','
	}
	return append(out, segment{start, len(s), plain})
}

func (p *parsed) segmentAt(pos int) int {
	for i, seg := range p.segments {
		if pos < seg.end {
			return i
		}
	}
	return len(p.segments) - 1
}

func (p *parsed) segmentText(i int) string {
	return p.masked[p.segments[i].start:p.segments[i].end]
}

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
	before := openComparison.ReplaceAllString(p.withoutComparisons(from, q.start), " ")
	return p.negatedFrom(before, q.start, q.end)
}

func (p *parsed) negatedFrom(before string, start, end int) bool {
	i := p.segmentAt(start)
	seg := p.segments[i]
	after := p.masked[min(end, seg.end):seg.end]
	if negation.MatchString(before) || negatedAfter.MatchString(after) {
		return true
	}
	return i > 0 && p.inheritsNegation(i)
}

// inheritsNegation holds for "does not cover ball, butterfly or plug valves", not for "not here, at 5 bar".
func (p *parsed) inheritsNegation(i int) bool {
	seg, text := p.segments[i], p.segmentText(i)
	if !seg.plain || hasVerb.MatchString(text) || newTopic.MatchString(text) {
		return false
	}
	before := p.withoutComparisons(p.segments[i-1].start, p.segments[i-1].end)
	trimmed := strings.TrimLeft(before, " ,;:(")
	if strings.HasPrefix(strings.ToLower(trimmed), "not ") || strings.HasPrefix(strings.ToLower(trimmed), "and not ") {
		return false
	}
	return negation.MatchString(before) || negatedAfter.MatchString(before) || i > 1 && p.inheritsNegation(i-1)
}

// withoutComparisons drops "not above 24" and the like, whose negation is part of the comparison;
// the "not under" of a place stays.
func (p *parsed) withoutComparisons(from, to int) string {
	if from >= to {
		return ""
	}
	text := comparisonWords.ReplaceAllString(p.masked[from:to], " ")
	return notNegation.ReplaceAllString(text, " ")
}

// continues tells whether a segment without a name goes on about the subject before it.
func (p *parsed) continues(i int) bool {
	text := p.segmentText(i)
	return continuesWith.MatchString(text) || len(strings.Fields(text)) <= 4
}

func (p *parsed) entityNames() []string {
	names := make([]string, len(p.mentions))
	for i, m := range p.mentions {
		names[i] = m.entity
	}
	return names
}

// spansOf finds the places of patterns that are no part of the name they speak about, in the order of the text.
func (p *parsed) spansOf(patterns []*regexp.Regexp) [][2]int {
	var spans [][2]int
	for _, pattern := range patterns {
		for _, m := range pattern.FindAllStringIndex(p.norm, -1) {
			span := [2]int{m[0], m[1]}
			if !slices.Contains(spans, span) {
				spans = append(spans, span)
			}
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return spans
}
