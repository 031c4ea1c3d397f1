package domain

import (
	"os"
	"path/filepath"
)

// Pack is one knowledge pack, read and validated.
type Pack struct {
	Name        string `yaml:"name"`
	Title       string `yaml:"title"`
	Tenant      string `yaml:"tenant"`
	Language    string `yaml:"language"`
	Description string `yaml:"description"`
	// NotFound is the phrase an answer uses when the documents do not answer the question.
	NotFound   string `yaml:"not_found"`
	Disclaimer string `yaml:"disclaimer"`

	// Dir is the directory the pack was read from.
	Dir string `yaml:"-"`
	// DocumentsDir holds the Markdown documents, for whoever ingests them.
	DocumentsDir string         `yaml:"-"`
	Glossary     []GlossaryTerm `yaml:"-"`
	Facts        *Facts         `yaml:"-"`
	Questions    []Question     `yaml:"-"`
	Seeds        []Seed         `yaml:"-"`
	Maker        string         `yaml:"-"`
	// Fictional says that maker, codes and prices are invented; a quotation must say so too.
	Fictional bool      `yaml:"-"`
	Products  []Product `yaml:"-"`
	// Prompts are keyed by their name, "system" and "react" at least.
	Prompts map[string]Prompt `yaml:"-"`
}

// GlossaryTerm is the user's own definition, shown as it stands.
type GlossaryTerm struct {
	Term       string `yaml:"term"`
	Definition string `yaml:"definition"`
	Remark     string `yaml:"remark"`
	// Disputed marks a definition that a dataset should not teach without showing the remark.
	Disputed bool `yaml:"disputed"`
}

// Question is a sample question with what its answer must contain.
type Question struct {
	ID       string      `yaml:"id"`
	Question string      `yaml:"question"`
	Expect   Expectation `yaml:"expect"`
}

// Expectation is what an answer is tested for.
type Expectation struct {
	Contains   []string `yaml:"contains"`
	Document   string   `yaml:"document"`
	Answerable bool     `yaml:"answerable"`
}

// Seed is a question with a verified answer, or a control that the pack cannot answer.
type Seed struct {
	ID         string   `yaml:"id"`
	Question   string   `yaml:"question"`
	Answer     string   `yaml:"answer"`
	Documents  []string `yaml:"documents"`
	Facts      []int    `yaml:"facts"`
	Answerable bool     `yaml:"answerable"`
}

// Product is one line of the price list.
type Product struct {
	Code         string  `yaml:"code"`
	Description  string  `yaml:"description"`
	Unit         string  `yaml:"unit"`
	Price        float64 `yaml:"price"`
	Currency     string  `yaml:"currency"`
	LeadTimeDays int     `yaml:"lead_time_days"`
}

// DocumentPath returns the file of a document id, or "" when the pack has none.
func (p *Pack) DocumentPath(id string) string {
	for _, name := range p.documentFiles() {
		if documentID(name) == id {
			return filepath.Join(p.DocumentsDir, name)
		}
	}
	return ""
}

func (p *Pack) documentFiles() []string {
	entries, err := os.ReadDir(p.DocumentsDir)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".md" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// Product returns the product with the given style code, in any case.
func (p *Pack) Product(code string) (Product, bool) {
	for _, product := range p.Products {
		if equalFold(product.Code, code) {
			return product, true
		}
	}
	return Product{}, false
}

// Term returns the glossary entry of a term, in any case.
func (p *Pack) Term(term string) (GlossaryTerm, bool) {
	for _, entry := range p.Glossary {
		if equalFold(entry.Term, term) {
			return entry, true
		}
	}
	return GlossaryTerm{}, false
}
