CREATE OR REPLACE VIEW spans_per_hour
(
    hour DateTime('UTC') COMMENT 'Start of the hour.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    kind LowCardinality(String) COMMENT 'Kind of work: agent, llm, tool, retrieval, embedding, decision, validation.',
    operation LowCardinality(String) COMMENT 'Operation by the conventions: invoke_agent, chat, execute_tool, retrieval, embeddings.',
    provider LowCardinality(String) COMMENT 'Provider of the model.',
    model LowCardinality(String) COMMENT 'Model.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    spans UInt64 COMMENT 'Spans.',
    errors UInt64 COMMENT 'Spans that failed.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cost_usd Nullable(Decimal(38, 12)) COMMENT 'Sum of the known costs in USD. NULL when none is known.',
    spans_without_cost UInt64 COMMENT 'Spans whose cost is unknown.',
    p50_ms Float64 COMMENT 'Median duration in milliseconds, estimated.',
    p95_ms Float64 COMMENT 'Duration in milliseconds that 95 of 100 did not exceed, estimated.',
    p99_ms Float64 COMMENT 'Duration in milliseconds that 99 of 100 did not exceed, estimated.',
    users UInt64 COMMENT 'Different users, estimated. The empty user counts as one.'
)
AS
SELECT
    toStartOfHour(toStartOfMinute(start_time)) AS hour,
    tenant,
    kind,
    operation,
    provider,
    model,
    environment,
    count() AS spans,
    countIf(status = 'error') AS errors,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost) AS cost_usd,
    countIf(cost IS NULL) AS spans_without_cost,
    quantilesTDigest(0.5, 0.95, 0.99)(duration_ns)[1] / 1e6 AS p50_ms,
    quantilesTDigest(0.5, 0.95, 0.99)(duration_ns)[2] / 1e6 AS p95_ms,
    quantilesTDigest(0.5, 0.95, 0.99)(duration_ns)[3] / 1e6 AS p99_ms,
    uniq(user_id) AS users
FROM spans
GROUP BY hour, tenant, kind, operation, provider, model, environment
COMMENT 'Spans of each hour from the rollup that is part of spans: fast at any size. Repeats of an event count again.';
