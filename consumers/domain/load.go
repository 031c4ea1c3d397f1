package domain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var leadingNumber = regexp.MustCompile(`^\d+-`)

// Load reads the pack in dir and validates it.
// All mistakes are reported at once; each names its file, entry and field.
func Load(dir string) (*Pack, error) {
	p := &Pack{Dir: dir, DocumentsDir: filepath.Join(dir, "documents")}
	err := errors.Join(
		p.readMain(),
		readYAML(dir, "glossary.yaml", &p.Glossary),
		p.readFacts(),
		readYAML(dir, "questions.yaml", &p.Questions),
		readYAML(dir, "seeds.yaml", &p.Seeds),
		p.readProducts(),
		p.readPrompts(),
	)
	if err == nil {
		err = p.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("loading pack %s: %w", dir, err)
	}
	return p, nil
}

func (p *Pack) readMain() error {
	return readYAML(p.Dir, "pack.yaml", p)
}

func (p *Pack) readFacts() error {
	var table FactTable
	if err := readYAML(p.Dir, "facts.yaml", &table); err != nil {
		return err
	}
	facts, err := NewFacts(table)
	if err != nil {
		return fmt.Errorf("facts.yaml: %w", err)
	}
	p.Facts = facts
	return nil
}

func (p *Pack) readProducts() error {
	var list struct {
		Maker     string    `yaml:"maker"`
		Fictional bool      `yaml:"fictional"`
		Products  []Product `yaml:"products"`
	}
	if err := readYAML(p.Dir, "products.yaml", &list); err != nil {
		return err
	}
	p.Maker, p.Fictional, p.Products = list.Maker, list.Fictional, list.Products
	return nil
}

// readYAML refuses unknown fields: a misspelt field would otherwise be an empty one.
func readYAML(dir, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("%s: reading: %w", name, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: parsing: %w", name, err)
	}
	return nil
}

// documentID is the file name without its leading number and its extension.
func documentID(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".md")
	return leadingNumber.ReplaceAllString(name, "")
}

func equalFold(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
