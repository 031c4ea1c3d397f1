package openai

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/ragline/ragline/consumers/internal/llm"
)

// Mode is how a model is told of tools.
type Mode string

// The modes.
const (
	// Native uses the API's tools and tool_calls.
	Native Mode = "native"
	// Text uses the ReAct protocol: Thought, Action, Action Input, Final Answer.
	Text Mode = "text"
	// Auto is Native unless the model is known to have no tools, or the server says so.
	Auto Mode = "auto"
)

//go:embed tools.json
var tools []byte

// table says which models have no tools, and how servers say so.
type table struct {
	Models []struct {
		Pattern string `json:"pattern"`
		Tools   Mode   `json:"tools"`
	} `json:"models"`
	Refusals []string `json:"refusals"`
}

func readTable() (table, error) {
	var t table
	if err := json.Unmarshal(tools, &t); err != nil {
		return t, fmt.Errorf("reading tools.json: %w", err)
	}
	for _, m := range t.Models {
		if _, err := path.Match(m.Pattern, ""); err != nil || (m.Tools != Native && m.Tools != Text) {
			return t, fmt.Errorf("reading tools.json: pattern %q with %q", m.Pattern, m.Tools)
		}
	}
	return t, nil
}

// mode of a model by its name. A slash is no separator here, so it is hidden from the matcher.
func (t table) mode(model string) Mode {
	model = strings.ReplaceAll(strings.ToLower(model), "/", ":")
	for _, m := range t.Models {
		if ok, _ := path.Match(m.Pattern, model); ok {
			return m.Tools
		}
	}
	return Native
}

// refuses says whether an error means that the server or the model knows no tools.
func (t table) refuses(err error) bool {
	var e *llm.Error
	if !errors.As(err, &e) || e.Status < 400 {
		return false
	}
	text := strings.ToLower(e.Message)
	for _, r := range t.Refusals {
		if strings.Contains(text, r) {
			return true
		}
	}
	return false
}
