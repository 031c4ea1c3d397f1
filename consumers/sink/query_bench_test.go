package sink

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

var querySpans = flag.Int("query-spans", 20_000, "spans that the cookbook is asked over")

const (
	// queryBar is how long a question may take over 10 million spans on 2 cores, at the 95th of 100 times.
	queryBar    = 300 * time.Millisecond
	queryRounds = 20
)

// manySpans fills the tables with ten days of spans, made by ClickHouse itself, and what hangs on them in proportion.
func manySpans(t *testing.T, b bundle, n int) {
	t.Helper()
	const start = "toDateTime64('2026-11-14 00:00:00', 9, 'UTC') + toIntervalNanosecond(intDiv(number * 864000000000000, %[1]d))"
	const kind = "['retrieval', 'tool', 'llm', 'agent'][number %% 4 + 1]"
	for from := 0; from < n; from += 1_000_000 {
		b.run(t, fmt.Sprintf(`INSERT INTO spans (event_id, time, tenant, trace_id, span_id, parent_span_id, name, kind, operation, start_time, end_time, duration_ns,
    status, status_message, provider, model, input_tokens, output_tokens, cost, price_table, input, output, input_bytes, output_bytes, attributes, user_id, session_id, environment, _topic, _partition, _offset)
SELECT toString(number), at, concat('tenant-', toString(cityHash64(intDiv(number, 4)) %% 20)), lower(hex(MD5(toString(intDiv(number, 4))))), lower(hex(number)), if(number %% 4 = 3, '', 'p'),
    concat(kind, ' step'), kind AS kind, operation, `+start+` AS at, at + toIntervalNanosecond(duration_ns), 1000000 * (50 + cityHash64(number) %% 3000) AS duration_ns,
    if(cityHash64(number, 1) %% 50 = 0, 'error', 'ok') AS status, if(status = 'error', concat('failure ', toString(number %% 7)), ''), if(kind = 'llm', 'openai', ''), if(kind = 'llm', concat('model-', toString(cityHash64(number, 2) %% 5)), ''),
    if(kind = 'llm', 200 + cityHash64(number, 3) %% 2000, 0), if(kind = 'llm', cityHash64(number, 4) %% 300, 0), if(kind = 'llm', toDecimal64(0.000001, 12) * (cityHash64(number, 5) %% 500), NULL), '2026-11',
    'What does the valve need?', 'The valve needs a test.', 25, 23, if(kind = 'tool', map('gen_ai.tool.name', concat('tool-', toString(number %% 6))), map()),
    concat('user-', toString(cityHash64(intDiv(number, 4)) %% 5000)), 's', 'production', 'ragline.spans', 0, number
FROM (SELECT number, `+kind+` AS kind, ['retrieval', 'execute_tool', 'chat', 'invoke_agent'][number %% 4 + 1] AS operation FROM numbers(%[2]d, %[3]d))
SETTINGS max_partitions_per_insert_block = 0`, n, from, min(1_000_000, n-from)))
	}
	b.run(t, `INSERT INTO spans_full (event_id, time, tenant, trace_id, span_id, start_time, input, output, _topic, _partition, _offset)
SELECT event_id, time, tenant, trace_id, span_id, start_time, input, if(_offset % 10007 = 0, 'Cars are parked on level B2.', output), _topic, _partition, _offset FROM spans SETTINGS max_partitions_per_insert_block = 0`)
	b.run(t, `INSERT INTO interactions (event_id, time, tenant, trace_id, question, answer, model, prompt_version, sources.document_id, sources.title, sources.text, sources.score, sources.uri, sources.cited)
SELECT concat('i', event_id), time, tenant, trace_id, 'What does the valve need?', 'A test.', 'model-1', '1', [concat('document-', toString(_offset % 40))], [''], [''], [1.5], [''], [true] FROM spans WHERE _offset % 400 = 3`)
	b.run(t, `INSERT INTO scores (event_id, time, tenant, trace_id, name, value, state, direction, passed, evaluator, evaluator_version)
SELECT concat('s', event_id), time, tenant, trace_id, 'grounding', (cityHash64(_offset) % 100) / 100 AS value, 'ok', 'higher_is_better', value >= 0.5, 'grounding', '1' FROM spans WHERE _offset % 400 = 3`)
	b.run(t, `INSERT INTO feedback (event_id, time, tenant, trace_id, value) SELECT concat('f', event_id), time, tenant, trace_id, _offset % 2 FROM spans WHERE _offset % 4000 = 3`)
	b.run(t, `INSERT INTO queries (event_id, time, tenant, text) SELECT concat('q', event_id), time, tenant, concat('question ', toString(_offset % 300)) FROM spans WHERE _offset % 400 = 3`)
	b.run(t, `INSERT INTO answers (event_id, time, tenant, query_id, model, state, total_time_ms)
SELECT concat('a', event_id), time, tenant, concat('q', event_id), 'model-1', if(cityHash64(_offset) % 8 = 0, 'not_in_knowledge_base', 'answered'), duration_ns / 1000000 FROM spans WHERE _offset % 400 = 3`)
}

// Every question of the cookbook over as many spans as the flag says, with what belongs to them in proportion: an
// answer, an interaction and a score for each hundred runs.
func TestCookbookOverManySpans(t *testing.T) {
	engine := enginetest.StartEngine(t, func(cfg *clickhouse.Config) { cfg.MaxMemory = 6 << 30 })
	b := setupAt(t, engine.DSN())
	began := time.Now()
	manySpans(t, b, *querySpans)
	t.Logf("%s spans in %s parts, filled in %.0f s", b.one(t, "SELECT count() FROM spans"),
		b.one(t, "SELECT count() FROM system.parts WHERE active AND table = 'spans'"), time.Since(began).Seconds())
	slow := 0
	for _, q := range questions(t) {
		var times []time.Duration
		for range queryRounds {
			start := time.Now()
			_, err := b.warehouse.Table(t.Context(), q.sql)
			require.NoError(t, err, q.name)
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		verdict := ""
		if times[queryRounds*95/100-1] > queryBar {
			verdict = "  over the bar"
			slow++
		}
		t.Logf("%-28s median %5d ms  p95 %5d ms%s", q.name, times[queryRounds/2].Milliseconds(), times[queryRounds*95/100-1].Milliseconds(), verdict)
	}
	t.Logf("%d of 20 questions take more than %s at the 95th of 100 times", slow, queryBar)
}
