package domain

import (
	"math"
	"slices"
	"strings"
)

// Claim is one checkable statement found in a text.
type Claim struct {
	Sentence  string
	Entity    string
	Attribute string
	// Value is as the text writes it; of a statement without a number it is the phrase.
	Value string
	// Unit is the unit's own name: "ppm" where the text says ppmv.
	Unit    string
	Verdict Verdict
	// Fact is the row that decided, with the right value, or nil.
	Fact *Fact
}

// Score is confirmed / (confirmed + contradicted); ok is false when nothing could be checked.
func Score(claims []Claim) (score float64, ok bool) {
	var confirmed, decided float64
	for _, c := range claims {
		switch c.Verdict {
		case VerdictConfirmed:
			confirmed++
			decided++
		case VerdictContradicted:
			decided++
		}
	}
	if decided == 0 {
		return 0, false
	}
	return confirmed / decided, true
}

var (
	pronouns     = setOf("it", "its", "this", "these", "they", "their")
	subjectNouns = setOf("test", "standard", "limit", "class", "method", "rule", "number", "value", "scope", "range")
)

// refersBack holds for "It ..." and "The test ...".
func refersBack(sentence string) bool {
	start := strings.IndexFunc(sentence, isWordRune)
	if start < 0 {
		return false
	}
	s := strings.ToLower(sentence[start:])
	word := firstWord(s)
	rest, _ := strings.CutPrefix(s[len(word):], " ")
	return pronouns[word] || word == "the" && subjectNouns[firstWord(rest)]
}

// Check returns the claims of a text in its order. Questions make no claims.
func (f *Facts) Check(text string) []Claim {
	var claims []Claim
	subject := ""
	for _, s := range sentences(text) {
		carried := ""
		if s.item || refersBack(s.text) {
			carried = subject
		}
		p := f.parse(s.text, carried)
		if len(p.mentions) > 0 {
			subject = p.mentions[0].entity
		}
		if strings.HasSuffix(strings.TrimRight(s.text, `"') `), "?") {
			continue
		}
		claims = append(claims, f.checkNumbers(p)...)
		claims = append(claims, f.checkPhrases(p)...)
	}
	return claims
}

func (f *Facts) checkNumbers(p *parsed) []Claim {
	var claims []Claim
	for i, q := range p.quantities {
		groups := p.subjects(i)
		if len(groups.names) == 0 {
			continue
		}
		claims = append(claims, f.checkNumber(p, q, groups))
	}
	return claims
}

// subjects are the entities that a quantity may be about, the likeliest first.
type subjects struct {
	names []string
	// near is how many of them are as close as the first: among these a contradiction is only a suspicion.
	near int
}

func (p *parsed) subjects(i int) subjects {
	if m, ok := p.pairs[i]; ok {
		return subjects{[]string{p.mentions[m].entity}, 1}
	}
	return p.subjectsAt(p.quantities[i].start)
}

func (p *parsed) subjectsAt(pos int) subjects {
	own := p.segmentAt(pos)
	var s subjects
	for i := len(p.mentions) - 1; i >= 0; i-- {
		if m := p.mentions[i]; m.start < pos && p.segmentAt(m.start) == own {
			s.names = append(s.names, m.entity)
		}
	}
	for _, m := range p.mentions {
		if m.start >= pos && p.segmentAt(m.start) == own {
			s.names = append(s.names, m.entity)
		}
	}
	s.near = len(s.names)
	for _, m := range p.mentions {
		s.names = append(s.names, m.entity)
	}
	if s.near == 0 {
		s.near = len(s.names)
	}
	if p.carried != "" && len(p.mentions) == 0 {
		return subjects{[]string{p.carried}, 1}
	}
	return s
}

func (f *Facts) checkNumber(p *parsed, q quantity, s subjects) Claim {
	claim := Claim{Sentence: p.text, Entity: s.names[0], Value: p.norm.text[q.numStart:q.numEnd], Verdict: VerdictUnknown}
	if q.unit != nil {
		claim.Unit = q.unit.Name
	}
	negated := p.quantityNegated(q)
	for i, name := range s.names {
		row := f.bestRow(p, q, name, negated)
		if row == nil {
			continue
		}
		claim.Entity, claim.Attribute, claim.Fact = name, row.Attribute, row
		claim.Verdict = row.judge(q, negated)
		if claim.Verdict == VerdictContradicted && f.confirmedBy(p, q, s.names[i+1:max(i+1, s.near)], negated) {
			claim.Verdict = VerdictUnknown
		}
		return claim
	}
	if row := f.ownerOf(p, q, s.names); row != nil && !negated {
		claim.Attribute, claim.Fact, claim.Verdict = row.Attribute, row, VerdictContradicted
	}
	return claim
}

func (f *Facts) confirmedBy(p *parsed, q quantity, names []string, negated bool) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		row := f.bestRow(p, q, name, negated)
		return row != nil && row.judge(q, negated) == VerdictConfirmed
	})
}

// bestRow is the row of an entity whose keyword stands nearest to the quantity.
// Among equals a row that confirms wins.
func (f *Facts) bestRow(p *parsed, q quantity, entity string, negated bool) *Fact {
	var best *Fact
	nearest := math.MaxInt
	for _, row := range f.byEntity[entity] {
		d, ok := row.about(p, q)
		if !ok || d > nearest || d == nearest && row.judge(q, negated) != VerdictConfirmed {
			continue
		}
		best, nearest = row, d
	}
	return best
}

const noKeyword = 50

// about tells how near the attribute of a row is to a quantity.
func (r *Fact) about(p *parsed, q quantity) (distance int, ok bool) {
	if !r.fits(q) || matchesAny(r.avoid, q.zone) {
		return 0, false
	}
	if len(r.keywords) == 0 {
		return noKeyword, true
	}
	return p.nearest(r.keywords, q.start, q.end)
}

func (p *parsed) nearest(phrases []*phrase, start, end int) (int, bool) {
	best, ok := math.MaxInt, false
	for _, hit := range p.found {
		if slices.Contains(phrases, hit.phrase) {
			best, ok = min(best, p.distance(hit.start, hit.end, start, end)), true
		}
	}
	return best, ok
}

func (p *parsed) holdsAny(phrases []*phrase) bool {
	return slices.ContainsFunc(p.found, func(hit found) bool { return slices.Contains(phrases, hit.phrase) })
}

// ownerOf finds a value that belongs to one entity alone while the text gives it to another of the same kind.
func (f *Facts) ownerOf(p *parsed, q quantity, names []string) *Fact {
	sameKind := func(row *Fact) bool {
		return slices.ContainsFunc(names, func(name string) bool { return f.kinds[name] == row.kind })
	}
	for _, row := range f.rows {
		if !row.Only || row.kind == "" || slices.Contains(names, row.Entity) || !sameKind(row) {
			continue
		}
		if _, ok := row.about(p, q); ok && row.judge(q, false) == VerdictConfirmed {
			return row
		}
	}
	return nil
}
