package domain

import (
	"errors"
	"fmt"
	"slices"
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
	keywords []*phrase
	avoid    []*phrase
	right    []*phrase
	wrong    []*phrase
}

// Facts is a compiled fact table. It is safe for concurrent use.
type Facts struct {
	rows     []*Fact
	byEntity map[string][]*Fact
	kinds    map[string]string
	units    *unitTable
	words    *lexicon
	names    *nameFinder
	queries  *queryIndex
}

// NewFacts compiles and validates a table.
func NewFacts(table FactTable) (*Facts, error) {
	words := newLexicon()
	f := &Facts{
		byEntity: map[string][]*Fact{}, kinds: map[string]string{},
		units: newUnitTable(table.Units), words: words, names: newNameFinder(table.Entities, words),
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
	f.queries = newQueryIndex(f.rows)
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
	row.keywords, row.avoid = f.words.addAll(row.Keywords), f.words.addAll(row.Avoid)
	row.right, row.wrong = f.words.addAll(row.Right), f.words.addAll(row.Wrong)
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

func (r *Fact) label() string {
	return fmt.Sprintf("fact %d (%s, %s)", r.Number, r.Entity, r.Attribute)
}
