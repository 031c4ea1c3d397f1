package openai

import (
	"embed"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm"
)

// The prompts that explain tools to a model. A knowledge pack overrides them by a prompt of the same name.
const (
	// ReActPrompt explains the text protocol, with {{tools}} and {{question}}.
	ReActPrompt = "react"
	// ToolsPrompt goes with native tool calls.
	ToolsPrompt = "tools"
)

//go:embed prompts/*.md
var prompts embed.FS

// BuiltinPrompt returns a prompt of this package.
func BuiltinPrompt(name string) (domain.Prompt, error) {
	raw, err := prompts.ReadFile("prompts/" + name + ".md")
	if err != nil {
		return domain.Prompt{}, fmt.Errorf("reading prompt %s: %w", name, err)
	}
	_, rest, _ := strings.Cut(string(raw), "---\n")
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return domain.Prompt{}, fmt.Errorf("reading prompt %s: front matter is missing", name)
	}
	var p domain.Prompt
	if err := yaml.Unmarshal([]byte(head), &p); err != nil {
		return domain.Prompt{}, fmt.Errorf("reading prompt %s: %w", name, err)
	}
	p.Text = strings.TrimSpace(body) + "\n"
	return p, nil
}

// complete takes a prompt of this package where the caller has none.
func complete(p *domain.Prompt, name string) error {
	if p.Text != "" {
		return nil
	}
	var err error
	*p, err = BuiltinPrompt(name)
	return err
}

func named(p domain.Prompt) llm.Prompt { return llm.Prompt{Name: p.Name, Version: p.Version} }
