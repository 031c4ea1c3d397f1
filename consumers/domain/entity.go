package domain

import (
	"regexp"
	"sort"
	"strings"
)

// mention is one place where a sentence names an entity.
type mention struct {
	entity     string
	start, end int
}

// nameFinder finds entities, the longest name first: "A 15848-1" is not "A 15848".
type nameFinder struct {
	names []namePattern
}

type namePattern struct {
	entity string
	length int
	// hint is a part of the name in lower case. Without it in the sentence the pattern need not run:
	// most sentences name few of the entities, and the search was half of the work.
	hint    string
	pattern *regexp.Regexp
}

func newNameFinder(entities []Entity) *nameFinder {
	f := &nameFinder{}
	for _, entity := range entities {
		for _, name := range append([]string{entity.Name}, entity.Aliases...) {
			if name != "" {
				f.names = append(f.names, namePattern{entity.Name, len(name), hintOf(name), phrase(name)})
			}
		}
	}
	sort.SliceStable(f.names, func(i, j int) bool { return f.names[i].length > f.names[j].length })
	return f
}

// hintOf is the longest word of a name.
func hintOf(name string) string {
	hint := ""
	for _, word := range nameParts(strings.ToLower(name)) {
		if len(word) > len(hint) {
			hint = word
		}
	}
	return hint
}

// find returns the mentions in the order of the text; none overlaps another.
func (f *nameFinder) find(s string) []mention {
	var found []mention
	rest := []byte(s)
	lower := strings.ToLower(s)
	for _, name := range f.names {
		if !strings.Contains(lower, name.hint) {
			continue
		}
		for _, span := range name.pattern.FindAllIndex(rest, -1) {
			found = append(found, mention{name.entity, span[0], span[1]})
			blank(rest[span[0]:span[1]])
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].start < found[j].start })
	return found
}

// mask replaces the mentions by underscores, so that the number in a name is no value.
func mask(s string, mentions []mention) string {
	b := []byte(s)
	for _, m := range mentions {
		blank(b[m.start:m.end])
	}
	return string(b)
}

func blank(b []byte) {
	for i := range b {
		b[i] = '_'
	}
}

var nameList = regexp.MustCompile(`^\s*(?:,|and|or|/|&|,\s*and|,\s*or)\s*$`)

// pair assigns "AM, BM and CM are 50, 100 and 500 ppm" one to one: it maps quantity index to mention index.
func pair(masked string, mentions []mention, quantities []quantity) map[int]int {
	pairs := map[int]int{}
	nameRuns := runs(len(mentions), func(i int) bool { return nameList.MatchString(masked[mentions[i].end:mentions[i+1].start]) })
	valueRuns := runs(len(quantities), func(i int) bool {
		a, b := quantities[i], quantities[i+1]
		return a.end <= b.start && nameList.MatchString(masked[a.end:b.start])
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
	for _, word := range strings.Fields(p.norm[from:to]) {
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
