package dataset

import (
	"maps"
	"slices"
	"sort"
	"strings"
)

// plan is a dataset before it is written: a pure function of history, seeds and rules.
type plan struct {
	rows []row
	// dropped counts what was left out, by reason.
	dropped map[string]int64
	pii     map[string]int64
	// disputed counts the rows that use a term whose definition the pack disputes.
	disputed map[string]int64
}

func makePlan(h *history, seeds seedSet, cfg Config) plan {
	p := plan{dropped: map[string]int64{}, pii: map[string]int64{}, disputed: map[string]int64{}}
	rows := slices.Clone(seeds.rows)
	for _, t := range fold(h) {
		v := judge(t)
		if v.tier == TierNone {
			p.dropped[v.reason]++
			continue
		}
		rows = append(rows, newRow(t, v, seeds.system))
	}
	for i := range rows {
		rows[i].question = scrub(rows[i].question, map[string]int64{}) // it stands in user too: count once
		rows[i].user = scrub(rows[i].user, p.pii)
		rows[i].assistant = scrub(rows[i].assistant, p.pii)
		rows[i].split = splitOf(rows[i].thread, cfg.HeldOut)
	}
	rows, exact, near := deduplicate(rows)
	p.drop("exact duplicate", exact)
	p.drop("near duplicate", near)
	rows, contaminated := decontaminate(rows)
	p.drop("question is held out", contaminated)
	rows, own := capSelfTrained(rows, cfg.SelfShare)
	p.drop("answered by a model of our own, beyond the cap", own)
	p.rows = finish(rows)
	p.countDisputed(seeds.disputed)
	return p
}

func (p *plan) drop(reason string, n int) {
	if n > 0 {
		p.dropped[reason] += int64(n)
	}
}

// capSelfTrained bounds the share of rows that a model trained here answered and nobody verified. A model that
// learns from itself forgets the tails. Rows come best first, so the worst are dropped.
func capSelfTrained(rows []row, share float64) (kept []row, dropped int) {
	others := 0
	for _, r := range rows {
		if !r.selfTrained {
			others++
		}
	}
	allowed := len(rows)
	if share < 1 {
		allowed = int(share / (1 - share) * float64(others))
	}
	for _, r := range rows {
		if r.selfTrained {
			if allowed == 0 {
				dropped++
				continue
			}
			allowed--
		}
		kept = append(kept, r)
	}
	return kept, dropped
}

// finish fixes the order of the lines and completes the lineage.
func finish(rows []row) []row {
	sort.Slice(rows, func(i, j int) bool { return rows[i].key < rows[j].key })
	for i := range rows {
		r := &rows[i]
		l := &r.lineage
		l.Key, l.Tier, l.Split, l.Reason = r.key, r.tier, r.split, r.reason
		l.Validation, l.Corrected = r.validation, r.corrected
		l.SHA256 = hexSum(r.system, r.user, r.assistant)
	}
	return rows
}

func (p *plan) countDisputed(terms []string) {
	for _, r := range p.rows {
		text := strings.ToLower(r.question + " " + r.assistant)
		for _, term := range terms {
			if strings.Contains(text, strings.ToLower(term)) {
				p.disputed[term]++
			}
		}
	}
}

// identity lists what makes the rows what they are.
func (p *plan) identity() []string {
	ids := make([]string, len(p.rows))
	for i, r := range p.rows {
		ids[i] = strings.Join([]string{r.key, string(r.tier), string(r.split), r.lineage.SHA256}, "\x00")
	}
	return ids
}

// newRows counts the rows that an earlier plan does not have in this tier with this text.
func (p *plan) newRows(earlier plan) int {
	known := map[string]struct{}{}
	for _, id := range earlier.identity() {
		known[id] = struct{}{}
	}
	n := 0
	for _, id := range p.identity() {
		if _, ok := known[id]; !ok {
			n++
		}
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
