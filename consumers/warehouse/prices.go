package warehouse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// ErrPriceTable says that a price table cannot be added.
var ErrPriceTable = errors.New("the price table cannot be added")

// PriceTable is a file of prices, in the form of the table that is built into the agent.
type PriceTable struct {
	Version string  `json:"version"`
	Source  string  `json:"source"`
	Prices  []Price `json:"prices"`
}

// Price is that of the models whose whole name matches Model. Amounts are USD for a million tokens, as decimal text.
type Price struct {
	Model  string      `json:"model"`
	Above  int64       `json:"above_input_tokens"`
	Input  json.Number `json:"input"`
	Cached json.Number `json:"cached"`
	Output json.Number `json:"output"`
}

// ParsePrices reads a price table and refuses what would give wrong costs silently.
func ParsePrices(text []byte) (PriceTable, error) {
	var t PriceTable
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("reading price table: %w", err)
	}
	if t.Version == "" || t.Source == "" || len(t.Prices) == 0 {
		return t, fmt.Errorf("reading price table: version, source and prices are required: %w", ErrPriceTable)
	}
	for i, p := range t.Prices {
		if _, err := regexp.Compile(p.Model); err != nil || p.Model == "" {
			return t, fmt.Errorf("reading price %d: the pattern %q is none: %w", i+1, p.Model, errors.Join(ErrPriceTable, err))
		}
		for _, amount := range []json.Number{p.Input, p.Cached, p.Output} {
			if v, err := amount.Float64(); err != nil || !(v >= 0 && v < 1e6) {
				return t, fmt.Errorf("reading price %d (%s): %q is no price: input, cached and output are USD for a million tokens: %w", i+1, p.Model, amount, ErrPriceTable)
			}
		}
		if p.Above < 0 {
			return t, fmt.Errorf("reading price %d (%s): above_input_tokens is below zero: %w", i+1, p.Model, ErrPriceTable)
		}
	}
	return t, nil
}

// AddPrices makes a table the one that LatestPrices returns. A version is added once.
func (w *Warehouse) AddPrices(ctx context.Context, t PriceTable, now time.Time) error {
	versions, err := w.PriceTables(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Version == t.Version {
			return fmt.Errorf("adding price table %s: it is there since %s: give the new one another version: %w",
				t.Version, v.AddedAt.Format(time.DateOnly), ErrPriceTable)
		}
	}
	var body bytes.Buffer
	rows := json.NewEncoder(&body)
	for i, p := range t.Prices {
		err := rows.Encode(map[string]any{
			"version": t.Version, "source": t.Source, "added_at": now.UTC().Format("2006-01-02 15:04:05.000000"), "ordinal": i,
			"model": p.Model, "above_input_tokens": p.Above, "input": p.Input, "cached": p.Cached, "output": p.Output,
		})
		if err != nil {
			return fmt.Errorf("writing price %d: %w", i+1, err)
		}
	}
	_, err = w.post(ctx, request{
		query: "INSERT INTO prices FORMAT JSONEachRow", database: w.target.database, data: w.bodyOf(body.Bytes()),
		settings: url.Values{"async_insert": {"0"}, "insert_deduplication_token": {"prices/" + t.Version}},
	})
	if err != nil {
		return fmt.Errorf("adding price table %s: %w", t.Version, err)
	}
	return nil
}

// PriceTableInfo is a price table that was added.
type PriceTableInfo struct {
	Version string    `json:"version" ch:"version"`
	Source  string    `json:"source" ch:"source"`
	AddedAt time.Time `json:"added_at" ch:"added"`
	Prices  uint64    `json:"prices" ch:"n"`
}

// PriceTables returns the tables that were added, the latest first.
func (w *Warehouse) PriceTables(ctx context.Context) ([]PriceTableInfo, error) {
	var list []PriceTableInfo
	err := w.Select(ctx, &list, "SELECT version, any(source) AS source, max(added_at) AS added, count() AS n FROM prices GROUP BY version ORDER BY added DESC, version")
	if err != nil {
		return nil, fmt.Errorf("listing price tables: %w", err)
	}
	return list, nil
}
