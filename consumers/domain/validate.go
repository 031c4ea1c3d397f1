package domain

import (
	"errors"
	"fmt"
	"os"
)

// mistakes collects "file: entry: field ..." errors.
type mistakes struct{ errs []error }

func (m *mistakes) add(file, entry, format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf("%s: %s: %s", file, entry, fmt.Sprintf(format, args...)))
}

func (m *mistakes) require(file, entry, field, value string) {
	if value == "" {
		m.add(file, entry, "%s is empty", field)
	}
}

func (p *Pack) validate() error {
	m := &mistakes{}
	p.validateMain(m)
	documents := p.documentIDs(m)
	p.validateGlossary(m)
	for _, fact := range p.Facts.Rows() {
		if !documents[fact.Document] {
			m.add("facts.yaml", fact.label(), "document %q does not exist", fact.Document)
		}
	}
	p.validateQuestions(m, documents)
	p.validateSeeds(m, documents)
	p.validateProducts(m)
	return errors.Join(m.errs...)
}

func (p *Pack) validateMain(m *mistakes) {
	const file, entry = "pack.yaml", "pack"
	m.require(file, entry, "name", p.Name)
	m.require(file, entry, "title", p.Title)
	m.require(file, entry, "tenant", p.Tenant)
	m.require(file, entry, "language", p.Language)
	m.require(file, entry, "not_found", p.NotFound)
	m.require(file, entry, "disclaimer", p.Disclaimer)
}

func (p *Pack) documentIDs(m *mistakes) map[string]bool {
	ids := map[string]bool{}
	if _, err := os.Stat(p.DocumentsDir); err != nil {
		m.add("documents", "directory", "reading: %v", err)
	}
	for _, file := range p.documentFiles() {
		id := documentID(file)
		if ids[id] {
			m.add("documents", file, "id %q is used twice", id)
		}
		ids[id] = true
	}
	return ids
}

func (p *Pack) validateGlossary(m *mistakes) {
	const file = "glossary.yaml"
	seen := map[string]bool{}
	for i, entry := range p.Glossary {
		name := entryName(entry.Term, i)
		m.require(file, name, "term", entry.Term)
		m.require(file, name, "definition", entry.Definition)
		m.unique(file, name, "term", entry.Term, seen)
	}
}

func (p *Pack) validateQuestions(m *mistakes, documents map[string]bool) {
	const file = "questions.yaml"
	seen := map[string]bool{}
	for i, q := range p.Questions {
		name := entryName(q.ID, i)
		m.require(file, name, "id", q.ID)
		m.require(file, name, "question", q.Question)
		m.unique(file, name, "id", q.ID, seen)
		if len(q.Expect.Contains) == 0 {
			m.add(file, name, "expect.contains is empty")
		}
		if q.Expect.Answerable && !documents[q.Expect.Document] {
			m.add(file, name, "expect.document %q does not exist", q.Expect.Document)
		}
		if !q.Expect.Answerable && q.Expect.Document != "" {
			m.add(file, name, "expect.document is set, but answerable is false")
		}
	}
}

func (p *Pack) validateSeeds(m *mistakes, documents map[string]bool) {
	const file = "seeds.yaml"
	seen := map[string]bool{}
	for i, seed := range p.Seeds {
		name := entryName(seed.ID, i)
		m.require(file, name, "id", seed.ID)
		m.require(file, name, "question", seed.Question)
		m.require(file, name, "answer", seed.Answer)
		m.unique(file, name, "id", seed.ID, seen)
		if seed.Answerable && len(seed.Documents) == 0 {
			m.add(file, name, "documents is empty, but answerable is true")
		}
		for _, id := range seed.Documents {
			if !documents[id] {
				m.add(file, name, "documents: %q does not exist", id)
			}
		}
	}
}

func (p *Pack) validateProducts(m *mistakes) {
	const file = "products.yaml"
	seen := map[string]bool{}
	for i, product := range p.Products {
		name := entryName(product.Code, i)
		m.require(file, name, "code", product.Code)
		m.require(file, name, "description", product.Description)
		m.require(file, name, "unit", product.Unit)
		m.require(file, name, "currency", product.Currency)
		m.unique(file, name, "code", product.Code, seen)
		if product.Price <= 0 {
			m.add(file, name, "price must be above 0")
		}
		if product.LeadTimeDays < 0 {
			m.add(file, name, "lead_time_days cannot be below 0")
		}
	}
}

func (m *mistakes) unique(file, entry, field, value string, seen map[string]bool) {
	if value != "" && seen[value] {
		m.add(file, entry, "%s is used twice", field)
	}
	seen[value] = true
}

func entryName(name string, index int) string {
	if name == "" {
		return fmt.Sprintf("entry %d", index+1)
	}
	return name
}
