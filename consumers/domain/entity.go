package domain

import (
	"slices"
	"strings"
)

// mention is one place where a sentence names an entity.
type mention struct {
	entity     string
	start, end int
}

// nameFinder finds entities, the longest name first: "A 15848-1" is not "A 15848".
type nameFinder struct {
	names []entityName
	// ranks are the positions in names of each phrase.
	ranks map[*phrase][]int
}

type entityName struct {
	entity string
	length int
	phrase *phrase
}

func newNameFinder(entities []Entity, words *lexicon) *nameFinder {
	f := &nameFinder{ranks: map[*phrase][]int{}}
	for _, entity := range entities {
		for _, name := range append([]string{entity.Name}, entity.Aliases...) {
			if name != "" {
				f.names = append(f.names, entityName{entity.Name, len(name), words.add(name)})
			}
		}
	}
	slices.SortStableFunc(f.names, func(a, b entityName) int { return b.length - a.length })
	for rank, name := range f.names {
		f.ranks[name.phrase] = append(f.ranks[name.phrase], rank)
	}
	return f
}

// find returns the mentions in the order of the text, and the text with the mentions blanked; none overlaps another.
// The hits say which names are worth a search. A longer name may take the place of one.
func (f *nameFinder) find(text cased, hits []found) ([]mention, cased) {
	var ranks []int
	for _, hit := range hits {
		ranks = append(ranks, f.ranks[hit.phrase]...)
	}
	slices.Sort(ranks)
	var mentions []mention
	for _, rank := range slices.Compact(ranks) {
		name := f.names[rank]
		masked := text
		for start, end, ok := name.phrase.find(text, 0); ok; start, end, ok = name.phrase.find(text, end) {
			mentions = append(mentions, mention{name.entity, start, end})
			masked = masked.blank(start, end)
		}
		text = masked
	}
	slices.SortFunc(mentions, func(a, b mention) int { return a.start - b.start })
	return mentions, text
}

var nameList = setOf(",", "and", "or", "/", "&", ",and", ",or")

// pair assigns "AM, BM and CM are 50, 100 and 500 ppm" one to one: it maps quantity index to mention index.
func pair(masked string, mentions []mention, quantities []quantity) map[int]int {
	pairs := map[int]int{}
	nameRuns := runs(len(mentions), func(i int) bool { return nameList.gap(masked[mentions[i].end:mentions[i+1].start]) })
	valueRuns := runs(len(quantities), func(i int) bool {
		a, b := quantities[i], quantities[i+1]
		return a.end <= b.start && nameList.gap(masked[a.end:b.start])
	})
	for _, values := range valueRuns {
		if names, ok := runBeside(nameRuns, values, mentions, quantities); ok {
			for i := range values.count {
				pairs[values.first+i] = names.first + i
			}
		}
	}
	return pairs
}

type run struct{ first, count int }

func runs(n int, linked func(i int) bool) []run {
	var out []run
	for i := 0; i < n; {
		j := i
		for j+1 < n && linked(j) {
			j++
		}
		if j > i {
			out = append(out, run{i, j - i + 1})
		}
		i = j + 1
	}
	return out
}

// runBeside prefers the names before the values to those behind them.
func runBeside(names []run, values run, mentions []mention, quantities []quantity) (run, bool) {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i].count == values.count && mentions[names[i].first].start < quantities[values.first].start {
			return names[i], true
		}
	}
	for _, r := range names {
		if r.count == values.count {
			return r, true
		}
	}
	return run{}, false
}

// distance counts the words between two spans; a conjunction counts three more, another segment eight more.
func (p *parsed) distance(aStart, aEnd, bStart, bEnd int) int {
	from, to := aEnd, bStart
	if aStart >= bEnd {
		from, to = bEnd, aStart
	}
	if from >= to {
		return 0
	}
	d := 0
	for word := range strings.FieldsSeq(p.norm.text[from:to]) {
		d++
		if bare := strings.Trim(word, ",;"); bare == "and" || bare == "or" || bare != word {
			d += 3
		}
	}
	if p.segmentAt(aStart) != p.segmentAt(bStart) {
		d += 8
	}
	return d
}
