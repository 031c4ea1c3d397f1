package sink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/schemas/event"
)

const newPrices = `{"version": "2027-01", "source": "test", "prices": [
	{"model": "known", "input": 1, "cached": 0.5, "output": 2},
	{"model": "known", "above_input_tokens": 1000, "input": 10, "cached": 5, "output": 20}]}`

func (b bundle) reprice(t testing.TB, kafka *streamtest.Cluster) string {
	t.Helper()
	rows, version, err := Reprice(t.Context(), kafka.Broker, b.warehouse, b.logger, nil)
	require.NoError(t, err)
	require.EqualValues(t, 5, rows)
	return version
}

func TestRepricedSpansCarryTheCostAndVersionOfTheLatestTable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kafka := streamtest.NewCluster(t)
	stop := b.start(t, kafka, b)
	for i, s := range []struct {
		kind  event.SpanKind
		model string
		usage *event.Usage
	}{
		{event.SpanKind_SPAN_KIND_LLM, "known", &event.Usage{InputTokens: 1000, CacheReadInputTokens: 400, OutputTokens: 10}},
		{event.SpanKind_SPAN_KIND_EMBEDDING, "known", &event.Usage{InputTokens: 1001}},
		{event.SpanKind_SPAN_KIND_LLM, "unknown", &event.Usage{InputTokens: 1}},
		{event.SpanKind_SPAN_KIND_AGENT, "known", &event.Usage{InputTokens: 1}},
		{event.SpanKind_SPAN_KIND_LLM, "gpt-5-mini", &event.Usage{InputTokens: 1}},
	} {
		data := call(i+1, s.kind, s.model, &event.Cost{PicoUsd: 7, PriceTable: "old"})
		data.Usage = s.usage
		streamtest.PublishRecords(t, kafka.Broker, encoded(t, event.Event{
			ID: trace(i), Type: event.TypeOf(data), Source: "test", Tenant: "acme", Time: noon, Data: data,
		}))
	}
	b.awaitRows(t, 5)
	require.NoError(t, stop())
	costs := func() []string {
		return b.rows(t, "SELECT toString(cost * 1000000) AS micro, price_table FROM spans ORDER BY trace_id")
	}
	const kept = `{"micro":"0.000007","price_table":"old"}`
	require.Equal(t, []string{kept, kept, kept, kept, kept}, costs())

	builtin := b.reprice(t, kafka) // nobody has added a table
	require.Equal(t, []string{kept, kept, kept, kept, `{"micro":"0.25","price_table":"` + builtin + `"}`}, costs())

	table, err := warehouse.ParsePrices([]byte(newPrices))
	require.NoError(t, err)
	require.NoError(t, b.warehouse.AddPrices(t.Context(), table, time.Now()))
	require.Equal(t, "2027-01", b.reprice(t, kafka))
	require.Equal(t, []string{
		`{"micro":"820","price_table":"2027-01"}`, `{"micro":"10010","price_table":"2027-01"}`, kept, kept, kept,
	}, costs())
	require.True(t, b.verify(t, kafka).OK(), "a price decides nothing but the cost")

	b.rebuild(t, kafka, "spans")
	require.Equal(t, []string{kept, kept, kept, kept, kept}, costs())
}
