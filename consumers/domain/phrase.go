package domain

import (
	"cmp"
	"math"
	"slices"
)

// phraseHit is a place where a phrase of a row stands.
type phraseHit struct {
	row        *Fact
	right      bool
	start, end int
}

// checkPhrases checks the rows without a number: one claim per row and segment.
func (f *Facts) checkPhrases(p *parsed) []Claim {
	type key struct {
		row     *Fact
		segment int
	}
	var claims []Claim
	at := map[key]int{}
	for _, hit := range f.phraseHits(p) {
		claim := p.phraseClaim(hit)
		k := key{hit.row, p.segmentAt(hit.start)}
		i, seen := at[k]
		switch {
		case !seen:
			at[k] = len(claims)
			claims = append(claims, claim)
		case claim.Verdict == VerdictContradicted:
			claims[i] = claim
		}
	}
	return claims
}

func (p *parsed) phraseClaim(hit phraseHit) Claim {
	v := verdict(hit.right).negate(p.negatedAt(hit.start, hit.end))
	if hit.row.Weak && v == VerdictContradicted {
		v = VerdictUnknown
	}
	return Claim{
		Sentence: p.text, Entity: hit.row.Entity, Attribute: hit.row.Attribute,
		Value: p.norm.text[hit.start:hit.end], Verdict: v, Fact: hit.row,
	}
}

// phraseHits are the phrases in the sentence, each with the row it speaks about.
func (f *Facts) phraseHits(p *parsed) []phraseHit {
	var hits []phraseHit
	for _, span := range f.phraseSpans(p) {
		s, ok := p.phraseSubjects(span[0])
		if !ok {
			continue
		}
		text := p.norm.slice(span[0], span[1])
		for i, name := range s.names {
			hit, ok := f.phraseRow(p, name, span, text)
			if !ok {
				continue
			}
			if p.phraseClaim(hit).Verdict != VerdictContradicted || !f.phraseConfirmed(p, s.names[i+1:], span, text) {
				hits = append(hits, hit)
			}
			break
		}
	}
	return hits
}

// phraseSubjects are narrower than those of a number:
// a noun in another segment speaks about the subject only when that segment goes on with it.
func (p *parsed) phraseSubjects(pos int) (subjects, bool) {
	s := p.subjectsAt(pos)
	own := p.segmentAt(pos)
	for _, m := range p.mentions {
		if p.segmentAt(m.start) == own {
			s.names = s.names[:s.near]
			return s, true
		}
	}
	if p.carried != "" && len(p.mentions) == 0 {
		return s, own == 0 || p.continues(own)
	}
	before := len(p.mentions) > 0 && p.mentions[0].start < pos
	return s, before && p.continues(own)
}

func (f *Facts) phraseConfirmed(p *parsed, names []string, span [2]int, text cased) bool {
	for _, name := range names {
		if hit, ok := f.phraseRow(p, name, span, text); ok && p.phraseClaim(hit).Verdict == VerdictConfirmed {
			return true
		}
	}
	return false
}

// phraseRow is the row of an entity that knows the phrase, the one with the nearest keyword.
func (f *Facts) phraseRow(p *parsed, entity string, span [2]int, text cased) (phraseHit, bool) {
	var best phraseHit
	nearest := math.MaxInt
	for _, row := range f.byEntity[entity] {
		right, wrong := matchesAny(row.right, text), matchesAny(row.wrong, text)
		if !right && !wrong || p.holdsAny(row.avoid) {
			continue
		}
		d, ok := noKeyword, true
		if len(row.keywords) > 0 {
			d, ok = p.nearest(row.keywords, span[0], span[1])
		}
		if ok && d < nearest {
			best, nearest = phraseHit{row, right && !wrong, span[0], span[1]}, d
		}
	}
	return best, best.row != nil
}

// phraseSpans are the distinct places of all phrases of the entities in the sentence, in order.
func (f *Facts) phraseSpans(p *parsed) [][2]int {
	var spans [][2]int
	names := append(p.entityNames(), p.carried)
	for _, hit := range p.found {
		span := [2]int{hit.start, hit.end}
		if !slices.Contains(spans, span) && f.tells(names, hit.phrase) {
			spans = append(spans, span)
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return spans
}

// tells holds for a phrase that one of the entities has a row for.
func (f *Facts) tells(entities []string, p *phrase) bool {
	return slices.ContainsFunc(entities, func(name string) bool {
		return slices.ContainsFunc(f.byEntity[name], func(row *Fact) bool {
			return slices.Contains(row.right, p) || slices.Contains(row.wrong, p)
		})
	})
}
