CREATE OR REPLACE VIEW cost_by_model
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    provider LowCardinality(String) COMMENT 'Provider of the model.',
    model LowCardinality(String) COMMENT 'Model.',
    calls UInt64 COMMENT 'Model calls.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cost_usd Nullable(Decimal(38, 12)) COMMENT 'Sum of the known costs in USD. NULL when none is known.',
    calls_without_cost UInt64 COMMENT 'Calls whose cost is unknown.'
)
AS
SELECT
    tenant,
    provider,
    model,
    count() AS calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost) AS cost_usd,
    countIf(cost IS NULL) AS calls_without_cost
FROM
(
    SELECT tenant, provider, model, input_tokens, output_tokens, cost
    FROM spans
    WHERE kind IN ('llm', 'embedding')
    LIMIT 1 BY event_id
)
GROUP BY tenant, provider, model
ORDER BY cost_usd DESC, calls DESC
COMMENT 'Model calls, tokens and cost in USD. Only the calls themselves count: an agent''s span repeats their totals. cost_usd is NULL when no call has a known cost. Repeats count once, which reads every call: spans_per_hour is the fast way.';
