CREATE OR REPLACE VIEW costs_repriced
(
    start_time DateTime64(9, 'UTC') COMMENT 'Start of the call.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    span_id String COMMENT 'W3C span id, 16 hex digits.',
    provider LowCardinality(String) COMMENT 'Provider of the model.',
    model LowCardinality(String) COMMENT 'Model.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cost_usd Nullable(Decimal(18, 12)) COMMENT 'Cost as the event has it. NULL means unknown.',
    price_table LowCardinality(String) COMMENT 'Version of the price table that gave it.',
    repriced_usd Nullable(Decimal(38, 12)) COMMENT 'Cost by the latest price table. NULL: it does not know the model.',
    repriced_by String COMMENT 'Version of the latest price table.'
)
AS
WITH latest AS
(
    SELECT *
    FROM prices
    WHERE version = (SELECT argMax(version, added_at) FROM prices)
)
SELECT
    s.start_time AS start_time,
    s.tenant AS tenant,
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.provider AS provider,
    s.model AS model,
    s.input_tokens AS input_tokens,
    s.output_tokens AS output_tokens,
    s.cost AS cost_usd,
    s.price_table AS price_table,
    if(empty(p.tiers), NULL, toDecimal128(
        (s.input_tokens - least(s.cache_read_input_tokens, s.input_tokens)) * (arrayFirst(t -> s.input_tokens > t.1, p.tiers) AS tier).2
        + least(s.cache_read_input_tokens, s.input_tokens) * tier.3
        + s.output_tokens * tier.4, 12) / 1000000) AS repriced_usd,
    ifNull((SELECT argMax(version, added_at) FROM prices), '') AS repriced_by
FROM spans AS s
LEFT JOIN
(
    SELECT
        model,
        arrayReverseSort(t -> t.1, groupArray((if(above_input_tokens = 0, -1, above_input_tokens), input, cached, output))) AS tiers
    FROM
    (
        SELECT
            m.model AS model,
            l.above_input_tokens AS above_input_tokens,
            l.input AS input,
            l.cached AS cached,
            l.output AS output,
            l.model AS pattern,
            first_value(l.model) OVER (PARTITION BY m.model ORDER BY l.ordinal) AS first_pattern
        FROM (SELECT DISTINCT model FROM spans WHERE kind IN ('llm', 'embedding')) AS m
        CROSS JOIN latest AS l
        WHERE match(m.model, concat('^(?:', l.model, ')$'))
    )
    WHERE pattern = first_pattern
    GROUP BY model
) AS p ON p.model = s.model
WHERE s.kind IN ('llm', 'embedding')
COMMENT 'Each model call with the cost of its event and the cost by the latest price table: how history would cost today, without a replay. Repeats of an event are shown again.';
