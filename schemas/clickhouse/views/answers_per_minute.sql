CREATE OR REPLACE VIEW answers_per_minute
(
    minute DateTime('UTC') COMMENT 'Start of the minute.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    model LowCardinality(String) COMMENT 'Model that answered.',
    state LowCardinality(String) COMMENT 'How the runs ended: answered, not_in_knowledge_base, rejected, failed.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    answers UInt64 COMMENT 'Answers.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cost_usd Nullable(Decimal(38, 12)) COMMENT 'Sum of the known costs in USD. NULL when none is known.',
    answers_without_cost UInt64 COMMENT 'Answers whose cost is unknown.',
    p50_ms Float32 COMMENT 'Median time to the answer in milliseconds, estimated.',
    p95_ms Float32 COMMENT 'Time in milliseconds that 95 of 100 did not exceed, estimated.',
    p99_ms Float32 COMMENT 'Time in milliseconds that 99 of 100 did not exceed, estimated.',
    users UInt64 COMMENT 'Different users, estimated. The empty user counts as one.'
)
AS
SELECT
    toStartOfMinute(time) AS minute,
    tenant,
    model,
    state,
    environment,
    count() AS answers,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost) AS cost_usd,
    countIf(cost IS NULL) AS answers_without_cost,
    quantilesTDigest(0.5, 0.95, 0.99)(total_time_ms)[1] AS p50_ms,
    quantilesTDigest(0.5, 0.95, 0.99)(total_time_ms)[2] AS p95_ms,
    quantilesTDigest(0.5, 0.95, 0.99)(total_time_ms)[3] AS p99_ms,
    uniq(user_id) AS users
FROM answers
GROUP BY minute, tenant, model, state, environment
COMMENT 'Answers of each minute and state from the rollup that is part of answers: fast at any size. Repeats of an event count again.';
