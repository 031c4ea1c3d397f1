package domain

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// Prompt is a versioned text with {{placeholders}}.
type Prompt struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	Text    string `yaml:"-"`
}

var requiredPlaceholders = map[string][]string{
	"system": nil,
	"react":  {"tools", "question"},
}

// Render replaces {{key}} by its value.
// All keys are replaced in one pass, so a question that contains {{tools}} stays a question.
func (p Prompt) Render(values map[string]string) string {
	pairs := make([]string, 0, 2*len(values))
	for key, value := range values {
		pairs = append(pairs, "{{"+key+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(p.Text)
}

func (p *Pack) readPrompts() error {
	dir := filepath.Join(p.Dir, "prompts")
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return fmt.Errorf("prompts: listing: %w", err)
	}
	p.Prompts = make(map[string]Prompt, len(files))
	var errs []error
	for _, file := range files {
		prompt, err := readPrompt(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if _, taken := p.Prompts[prompt.Name]; taken {
			errs = append(errs, fmt.Errorf("prompts/%s: name %q is taken by another file", filepath.Base(file), prompt.Name))
		}
		p.Prompts[prompt.Name] = prompt
	}
	return errors.Join(append(errs, p.checkPrompts()...)...)
}

func (p *Pack) checkPrompts() []error {
	var errs []error
	for _, name := range []string{"system", "react"} {
		prompt, ok := p.Prompts[name]
		if !ok {
			errs = append(errs, fmt.Errorf("prompts/%s.md: missing", name))
			continue
		}
		for _, key := range requiredPlaceholders[name] {
			if !strings.Contains(prompt.Text, "{{"+key+"}}") {
				errs = append(errs, fmt.Errorf("prompts/%s.md: text lacks the placeholder {{%s}}", name, key))
			}
		}
	}
	return errs
}

func readPrompt(path string) (Prompt, error) {
	name := "prompts/" + filepath.Base(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return Prompt{}, fmt.Errorf("%s: reading: %w", name, err)
	}
	head, body, ok := splitFrontMatter(data)
	if !ok {
		return Prompt{}, fmt.Errorf("%s: front matter is missing", name)
	}
	var prompt Prompt
	dec := yaml.NewDecoder(bytes.NewReader(head))
	dec.KnownFields(true)
	if err := dec.Decode(&prompt); err != nil {
		return Prompt{}, fmt.Errorf("%s: parsing front matter: %w", name, err)
	}
	prompt.Text = strings.TrimSpace(string(body)) + "\n"
	for field, value := range map[string]string{"name": prompt.Name, "version": prompt.Version} {
		if value == "" {
			return Prompt{}, fmt.Errorf("%s: %s is empty", name, field)
		}
	}
	return prompt, nil
}

func splitFrontMatter(data []byte) (head, body []byte, ok bool) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	rest, ok := bytes.CutPrefix(data, []byte("---\n"))
	if !ok {
		return nil, nil, false
	}
	return bytes.Cut(rest, []byte("\n---\n"))
}
