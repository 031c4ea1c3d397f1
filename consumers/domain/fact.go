package domain

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// FactTable is the fact file as it is written.
type FactTable struct {
	Units    []Unit   `yaml:"units"`
	Entities []Entity `yaml:"entities"`
	Facts    []Fact   `yaml:"facts"`
}

// Entity is what facts are about.
type Entity struct {
	Name    string   `yaml:"name"`
	Aliases []string `yaml:"aliases"`
	// Kind groups entities that could be mistaken for each other; see Fact.Only.
	Kind string `yaml:"kind"`
}

// Fact is one row: a checkable statement and the sentence that answers a look-up.
type Fact struct {
	Number    int      `yaml:"fact"`
	Document  string   `yaml:"document"`
	Entity    string   `yaml:"entity"`
	Attribute string   `yaml:"attribute"`
	Keywords  []string `yaml:"keywords"`
	Avoid     []string `yaml:"avoid"`
	// Op is one of = <= < >= > range in is.
	Op     string    `yaml:"op"`
	Value  *float64  `yaml:"value"`
	Values []float64 `yaml:"values"`
	Unit   string    `yaml:"unit"`
	// Tolerance is absolute, in Unit.
	Tolerance float64 `yaml:"tolerance"`
	// Right and Wrong are the phrases of op "is".
	Right   []string `yaml:"right"`
	Wrong   []string `yaml:"wrong"`
	Edition string   `yaml:"edition"`
	// Only says that the value belongs to this entity alone:
	// text that gives it to another entity of the same kind is contradicted.
	Only bool `yaml:"only"`
	// Weak facts have one weak source; they confirm but never contradict.
	Weak bool   `yaml:"weak"`
	Text string `yaml:"text"`

	kind     string
	unit     *Unit
	keywords []*regexp.Regexp
	avoid    []*regexp.Regexp
	right    []*regexp.Regexp
	wrong    []*regexp.Regexp
}

// Facts is a compiled fact table. It is safe for concurrent use.
type Facts struct {
	rows     []*Fact
	byEntity map[string][]*Fact
	kinds    map[string]string
	units    *unitTable
	names    *nameFinder
}

// NewFacts compiles and validates a table.
func NewFacts(table FactTable) (*Facts, error) {
	f := &Facts{
		byEntity: map[string][]*Fact{}, kinds: map[string]string{},
		units: newUnitTable(table.Units), names: newNameFinder(table.Entities),
	}
	m := &mistakes{}
	for i, entity := range table.Entities {
		if strings.TrimSpace(entity.Name) == "" || slices.Contains(entity.Aliases, "") {
			m.add("entities", entryName(entity.Name, i), "name or alias is empty")
		}
		f.kinds[entity.Name] = entity.Kind
	}
	for i := range table.Facts {
		row := table.Facts[i]
		f.compile(&row, m)
		f.rows = append(f.rows, &row)
		f.byEntity[row.Entity] = append(f.byEntity[row.Entity], &row)
	}
	return f, errors.Join(m.errs...)
}

// Rows returns the facts in the order of the table.
func (f *Facts) Rows() []Fact {
	rows := make([]Fact, len(f.rows))
	for i, row := range f.rows {
		rows[i] = *row
	}
	return rows
}

func (f *Facts) compile(row *Fact, m *mistakes) {
	kind, known := f.kinds[row.Entity]
	if !known {
		m.add("facts", row.label(), "entity %q is not listed", row.Entity)
	}
	row.kind = kind
	m.require("facts", row.label(), "attribute", row.Attribute)
	m.require("facts", row.label(), "document", row.Document)
	m.require("facts", row.label(), "text", row.Text)
	if row.Op == "is" {
		if len(row.Right)+len(row.Wrong) == 0 {
			m.add("facts", row.label(), "right and wrong are both empty")
		}
	} else {
		f.compileNumbers(row, m)
	}
	row.keywords, row.avoid = phrases(row.Keywords), phrases(row.Avoid)
	row.right, row.wrong = phrases(row.Right), phrases(row.Wrong)
}

func (f *Facts) compileNumbers(row *Fact, m *mistakes) {
	if row.Value != nil {
		row.Values = append([]float64{*row.Value}, row.Values...)
		row.Value = &row.Values[0]
	}
	if row.unit = f.units.byName[row.Unit]; row.unit == nil {
		m.add("facts", row.label(), "unit %q is unknown", row.Unit)
	}
	switch want := valueCount[row.Op]; {
	case want == 0:
		m.add("facts", row.label(), "op %q is unknown", row.Op)
	case want > 0 && len(row.Values) != want, want < 0 && len(row.Values) == 0:
		m.add("facts", row.label(), "op %q does not fit %d values", row.Op, len(row.Values))
	}
	if row.Tolerance < 0 {
		m.add("facts", row.label(), "tolerance cannot be below 0")
	}
}

var valueCount = map[string]int{"=": 1, "<=": 1, "<": 1, ">=": 1, ">": 1, "range": 2, "in": -1}

func phrases(list []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, text := range list {
		if text != "" {
			out = append(out, phrase(text))
		}
	}
	return out
}

func (r *Fact) label() string {
	return fmt.Sprintf("fact %d (%s, %s)", r.Number, r.Entity, r.Attribute)
}

const maxLookup = 10

// Lookup returns the facts that a query asks for, best first, at most ten.
// When the query names entities of the table, only their facts are considered.
// Order depends on the query and the table alone.
func (f *Facts) Lookup(query string) []Fact {
	norm := normalise(query)
	named := map[string]int{}
	for i, m := range f.names.find(norm) {
		if _, seen := named[m.entity]; !seen {
			named[m.entity] = i
		}
	}
	type hit struct {
		row   *Fact
		score int
	}
	var hits []hit
	terms := queryTerms(norm)
	for _, row := range f.rows {
		_, isNamed := named[row.Entity]
		score := row.relevance(norm, terms)
		if len(named) > 0 && !isNamed || len(named) == 0 && score < 3 {
			continue
		}
		hits = append(hits, hit{row, score})
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	var out []Fact
	for _, h := range hits[:min(len(hits), maxLookup)] {
		out = append(out, *h.row)
	}
	return out
}

// relevance counts a word of the attribute three times, a keyword or phrase twice, a word of the text once.
func (r *Fact) relevance(query string, terms []*regexp.Regexp) int {
	score := 0
	for _, list := range [][]*regexp.Regexp{r.keywords, r.right, r.wrong} {
		for _, pattern := range list {
			if pattern.MatchString(query) {
				score += 2
			}
		}
	}
	for _, term := range terms {
		if term.MatchString(r.Attribute) {
			score += 3
		}
		if term.MatchString(r.Text) {
			score++
		}
	}
	return score
}

var queryWord = regexp.MustCompile(`[A-Za-z][A-Za-z-]{2,}|\d[\d.,-]*`)

var stopWords = map[string]bool{
	"the": true, "and": true, "for": true, "what": true, "which": true, "how": true, "many": true, "much": true, "does": true,
	"when": true, "where": true, "are": true, "with": true, "can": true, "must": true, "may": true, "from": true, "into": true,
	"not": true, "its": true, "has": true, "have": true, "that": true, "this": true, "was": true, "did": true, "who": true,
}

func queryTerms(query string) []*regexp.Regexp {
	var terms []*regexp.Regexp
	for _, word := range queryWord.FindAllString(query, -1) {
		lower := strings.ToLower(word)
		if stopWords[lower] {
			continue
		}
		stem := strings.TrimSuffix(strings.TrimSuffix(lower, "s"), "ing")
		terms = append(terms, regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(stem)))
	}
	return terms
}
