package price

import (
	_ "embed" // prices.json
	"encoding/json"
	"fmt"
	"math"
	"regexp"

	"github.com/ragline/ragline/consumers/internal/llm"
)

//go:embed prices.json
var builtin []byte

// picoPerToken is what a price of 1 USD per million tokens means for one token.
const picoPerToken = 1e6

// Table is a price table.
type Table struct {
	// Version names the table, for events that carry a cost.
	Version string  `json:"version"`
	Source  string  `json:"source"`
	Prices  []Price `json:"prices"`
}

// Price is that of the models whose whole name matches. Amounts are USD per million tokens.
type Price struct {
	Model  string  `json:"model"`
	Input  float64 `json:"input"`
	Cached float64 `json:"cached"`
	Output float64 `json:"output"`

	pattern *regexp.Regexp
}

// Builtin returns the table of this version of the program.
func Builtin() (*Table, error) { return Parse(builtin) }

// Parse reads a table.
func Parse(raw []byte) (*Table, error) {
	var t Table
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("reading price table: %w", err)
	}
	for i, p := range t.Prices {
		re, err := regexp.Compile(`^(?:` + p.Model + `)$`)
		if err != nil {
			return nil, fmt.Errorf("reading price of %s: %w", p.Model, err)
		}
		t.Prices[i].pattern = re
	}
	return &t, nil
}

// Cost returns the picodollars of a use, or false when the table does not know the model. The first match counts.
func (t *Table) Cost(model string, u llm.Usage) (int64, bool) {
	for _, p := range t.Prices {
		if !p.pattern.MatchString(model) {
			continue
		}
		cached := min(u.CachedInputTokens, u.InputTokens)
		return pico(p.Input, u.InputTokens-cached) + pico(p.Cached, cached) + pico(p.Output, u.OutputTokens), true
	}
	return 0, false
}

// pico rounds the price of one token, not the sum: sums of sums stay exact.
func pico(perMillion float64, tokens int64) int64 {
	return int64(math.Round(perMillion*picoPerToken)) * tokens
}
