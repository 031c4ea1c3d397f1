package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
)

// LatestPrices returns the price table that was added last, or false where none was.
func (w *Warehouse) LatestPrices(ctx context.Context) (PriceTable, bool, error) {
	var rows []struct {
		Version string `ch:"version"`
		Source  string `ch:"source"`
		Model   string `ch:"model"`
		Above   int64  `ch:"above_input_tokens"`
		Input   string `ch:"in"`
		Cached  string `ch:"cache"`
		Output  string `ch:"out"`
	}
	err := w.Select(ctx, &rows, "SELECT version, source, model, above_input_tokens, toString(input) AS in, toString(cached) AS cache, toString(output) AS out "+
		"FROM prices WHERE version = (SELECT argMax(version, added_at) FROM prices) ORDER BY ordinal")
	if err != nil {
		return PriceTable{}, false, fmt.Errorf("reading the latest price table: %w", err)
	}
	if len(rows) == 0 {
		return PriceTable{}, false, nil
	}
	t := PriceTable{Version: rows[0].Version, Source: rows[0].Source}
	for _, r := range rows {
		t.Prices = append(t.Prices, Price{r.Model, r.Above, json.Number(r.Input), json.Number(r.Cached), json.Number(r.Output)})
	}
	return t, true, nil
}
