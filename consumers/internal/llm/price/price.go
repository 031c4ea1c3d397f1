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

// Price is that of the models whose whole name matches, for calls with more input tokens than Above. Amounts are USD
// per million tokens.
type Price struct {
	Model  string  `json:"model"`
	Above  int64   `json:"above_input_tokens"`
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

// Cost returns the picodollars of a use, or false when the table does not know the model. The first pattern that
// matches counts, and of its prices that of the highest tier. A cost that no event can hold is unknown as well.
func (t *Table) Cost(model string, u llm.Usage) (int64, bool) {
	p := t.priceOf(model, u.InputTokens)
	if p == nil {
		return 0, false
	}
	cached := min(u.CachedInputTokens, u.InputTokens)
	dollars := p.Input*float64(u.InputTokens-cached) + p.Cached*float64(cached) + p.Output*float64(u.OutputTokens)
	if math.Abs(dollars*picoPerToken) > math.MaxInt64/2 {
		return 0, false
	}
	return pico(p.Input, u.InputTokens-cached) + pico(p.Cached, cached) + pico(p.Output, u.OutputTokens), true
}

// priceOf is nil for a model that the table does not know.
func (t *Table) priceOf(model string, inputTokens int64) (best *Price) {
	pattern := ""
	for i := range t.Prices {
		p := &t.Prices[i]
		if pattern == "" && p.pattern.MatchString(model) {
			pattern = p.Model
		}
		applies := p.Above == 0 || inputTokens > p.Above
		if p.Model == pattern && pattern != "" && applies && (best == nil || p.Above > best.Above) {
			best = p
		}
	}
	return best
}

// pico rounds the price of one token, not the sum: sums of sums stay exact.
func pico(perMillion float64, tokens int64) int64 {
	return int64(math.Round(perMillion*picoPerToken)) * tokens
}
