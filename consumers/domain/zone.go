package domain

import (
	"iter"
	"strings"
)

// zone is the noun phrase of a quantity, where "thermal" or "mechanical" qualifies it and no neighbour.
func (p *parsed) zone(q quantity) cased {
	masked := p.masked.text
	seg := p.segments[p.segmentAt(q.start)]
	from, to := seg.start, max(seg.end, q.end)
	for _, other := range p.quantities {
		if other.end <= q.start && other.start >= from {
			from = other.end
			for _, end := range joints(masked[from:q.start]) {
				from = other.end + end
			}
		}
		if other.start >= q.end && other.start < to {
			to = other.start
		}
	}
	tail := q.numEnd
	if q.end > tail && !hasJoint(masked[tail:q.end]) {
		tail = q.end
	}
	for start := range joints(masked[tail:max(tail, to)]) {
		to = tail + start
		break
	}
	return p.norm.slice(from, max(to, tail))
}

// joints yields where noun phrases are joined: at "and", "or", commas and semicolons.
func joints(s string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for at := 0; at < len(s); {
			word := firstWord(s[at:])
			end := at + len(word)
			switch {
			case word == "" && (s[at] == ',' || s[at] == ';') && strings.HasPrefix(s[at+1:], " "):
				end = at + 2
			case word == "":
				at++
				continue
			case word != "and" && word != "or":
				at = end
				continue
			}
			if !yield(at, end) {
				return
			}
			at = end
		}
	}
}

func hasJoint(s string) bool {
	for range joints(s) {
		return true
	}
	return false
}
