package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/ragline/ragline/consumers/internal/llm"
	"github.com/ragline/ragline/consumers/internal/llm/price"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

// Reprice rebuilds spans with costs computed anew from the tokens of each model call, and returns the version of the
// price table that the rows now carry: the one that was added last, or else the program's own. A call whose model the
// table does not know keeps the cost of its event, and so do the totals of agents' spans. A later Rebuild brings the
// events' costs back.
func Reprice(ctx context.Context, b *broker.Broker, w *warehouse.Warehouse, logger *slog.Logger, progress func(done, total int64)) (rows uint64, version string, err error) {
	prices, err := currentPrices(ctx, w)
	if err != nil {
		return 0, "", err
	}
	r := newRebuild(b, w, logger, newTables().spans.name())
	r.progress = progress
	r.sink.tables.reprice = repricer(prices)
	if err := r.run(ctx); err != nil {
		return 0, "", fmt.Errorf("repricing %s: %w", r.table, err)
	}
	rows, err = w.CountRows(ctx, r.table)
	return rows, prices.Version, err
}

func currentPrices(ctx context.Context, w *warehouse.Warehouse) (*price.Table, error) {
	latest, added, err := w.LatestPrices(ctx)
	if err != nil {
		return nil, err
	}
	if !added {
		return price.Builtin()
	}
	text, err := json.Marshal(latest)
	if err != nil {
		return nil, fmt.Errorf("reading price table %s: %w", latest.Version, err)
	}
	return price.Parse(text)
}

// repricer gives model calls the cost of a table. It comes after a record has found its place, so that no price
// decides where a row is.
func repricer(prices *price.Table) func(*span) {
	return func(s *span) {
		call := s.kind == event.SpanKind_SPAN_KIND_LLM || s.kind == event.SpanKind_SPAN_KIND_EMBEDDING
		if !call || min(s.inputTokens, s.cacheReadTokens, s.outputTokens) < 0 {
			return
		}
		cost, known := prices.Cost(s.model, llm.Usage{
			InputTokens: s.inputTokens, CachedInputTokens: s.cacheReadTokens, OutputTokens: s.outputTokens,
		})
		if known && checkPicoUSD(cost) == nil {
			s.priced, s.picoUSD, s.priceTable = true, cost, prices.Version
		}
	}
}
