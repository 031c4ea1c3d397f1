package domain

import "strings"

// parsed is one sentence taken apart.
type parsed struct {
	text string
	norm cased
	// masked is norm with the mentions blanked.
	masked     cased
	found      []found
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

var (
	verbs = setOf(
		"accept", "accepts", "allow", "allows", "applies", "are", "ask", "asks", "belong", "belongs", "call", "calls",
		"can", "cannot", "concern", "concerns", "cover", "covers", "demand", "demands", "did", "does", "do", "exclude",
		"excludes", "give", "gives", "has", "have", "is", "limit", "limits", "may", "mean", "means", "measure", "measures",
		"must", "need", "needs", "permit", "permits", "reaches", "reject", "rejects", "require", "requires", "run", "runs",
		"set", "sets", "should", "specifies", "take", "takes", "test", "tests", "use", "uses", "was", "were", "will",
		"would",
	)
	conjunctions = setOf("but", "while", "whereas", "although", "though", "yet", "so", "because", "which", "whose")
	goesOn       = setOf("it", "they", "also", "not", "nor", "never")
	continuing   = setOf("in", "for", "with", "not", "or", "nor", "neither", "only", "all", "every", "any", "regardless", "at", "by", "on",
		"it", "its", "they", "including", "such", "up", "above", "below", "under", "over", "within")
	newTopic = setOf("but", "so", "at", "with", "in", "it", "they", "while", "whereas")
)

// startsVerb tells whether s begins with a verb; "type-tests" is one.
func startsVerb(s string) bool {
	word := firstWord(s)
	if rest, ok := strings.CutPrefix(s, "type-"); ok {
		word = firstWord(rest)
		return word == "test" || word == "tests"
	}
	return verbs[word]
}

func hasVerb(s string) bool {
	for word := range wordsOf(s) {
		if verbs[word] {
			return true
		}
	}
	return false
}

func (f *Facts) parse(text, carried string) *parsed {
	p := &parsed{text: text, norm: fold(normalise(text)), carried: carried}
	p.found = f.words.find(p.norm)
	p.mentions, p.masked = f.names.find(p.norm, p.found)
	p.quantities = f.units.quantities(p.masked.text)
	p.segments = split(p.masked.text)
	p.compareAll()
	for i := range p.quantities {
		p.quantities[i].zone = p.zone(p.quantities[i])
	}
	p.pairs = pair(p.masked.text, p.mentions, p.quantities)
	return p
}

func split(s string) []segment {
	var out []segment
	start, plain := 0, false
	for at := 0; at < len(s); {
		end := separatorAt(s, at)
		if end == 0 {
			at++
			continue
		}
		out = append(out, segment{start, at, plain})
		start, plain, at = at, s[at] == ',', end
	}
	return append(out, segment{start, len(s), plain})
}

// separatorAt returns where the separator ends that stands at a position, or 0.
func separatorAt(s string, at int) int {
	rest := s[at+1:]
	switch s[at] {
	case ';', '|':
		return at + 1
	case ',':
		if strings.HasPrefix(rest, " ") {
			return at + 2
		}
	case ':':
		after := strings.TrimLeft(rest, " ")
		if len(after) < len(rest) && after != "" && !strings.ContainsAny(after[:1], "0123456789<>=-") {
			return len(s) - len(after) + 1
		}
	case ' ':
		return conjunctionAt(s, at)
	}
	return 0
}

func conjunctionAt(s string, at int) int {
	word := firstWord(s[at+1:])
	end := at + 1 + len(word)
	rest, spaced := strings.CutPrefix(s[end:], " ")
	switch {
	case !spaced:
		return 0
	case conjunctions[word]:
		return end + 1
	case word == "and" && (goesOn[firstWord(rest)] || startsVerb(rest)):
		return end + 1
	}
	return 0
}

func (p *parsed) segmentAt(pos int) int {
	for i, seg := range p.segments {
		if pos < seg.end {
			return i
		}
	}
	return len(p.segments) - 1
}

// segmentText is in lower case.
func (p *parsed) segmentText(i int) string {
	return p.masked.lower[p.segments[i].start:p.segments[i].end]
}

const segmentOpeners = " ,;:("

func skipWord(s, word string) string {
	if rest, ok := strings.CutPrefix(s, word+" "); ok {
		return strings.TrimLeft(rest, " ")
	}
	return s
}

// continues tells whether a segment without a name goes on about the subject before it.
func (p *parsed) continues(i int) bool {
	text := p.segmentText(i)
	if len(strings.Fields(text)) <= 4 {
		return true
	}
	start := strings.TrimLeft(text, segmentOpeners)
	if word := firstWord(start); word == "and" || word == "but" || word == "so" {
		start = skipWord(start, word)
	}
	start = skipWord(start, "also")
	return continuing[firstWord(start)] || startsVerb(start)
}

func (p *parsed) entityNames() []string {
	names := make([]string, len(p.mentions))
	for i, m := range p.mentions {
		names[i] = m.entity
	}
	return names
}
