CREATE OR REPLACE VIEW answers_daily
(
    day Date COMMENT 'Day in UTC.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    model LowCardinality(String) COMMENT 'Model that answered.',
    answers UInt64 COMMENT 'Answers.',
    answered UInt64 COMMENT 'Answers that were found in the knowledge base.',
    not_in_knowledge_base UInt64 COMMENT 'Answers that say that the knowledge base does not have it.',
    rejected UInt64 COMMENT 'Runs that a reviewer rejected.',
    failed UInt64 COMMENT 'Runs that failed.',
    median_time_ms Int64 COMMENT 'Median time to the answer in milliseconds.',
    p95_time_ms Int64 COMMENT 'Time in milliseconds that 95 of 100 answers did not exceed.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cost_usd Nullable(Decimal(38, 12)) COMMENT 'Sum of the known costs in USD. NULL when none is known.'
)
AS
SELECT
    toDate(time) AS day,
    tenant,
    model,
    count() AS answers,
    countIf(state = 'answered') AS answered,
    countIf(state = 'not_in_knowledge_base') AS not_in_knowledge_base,
    countIf(state = 'rejected') AS rejected,
    countIf(state = 'failed') AS failed,
    quantileExact(0.5)(total_time_ms) AS median_time_ms,
    quantileExact(0.95)(total_time_ms) AS p95_time_ms,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost) AS cost_usd
FROM
(
    SELECT time, tenant, model, state, total_time_ms, input_tokens, output_tokens, cost
    FROM answers
    LIMIT 1 BY event_id
)
GROUP BY day, tenant, model
ORDER BY day DESC, tenant, model
COMMENT 'Answers of each day and model, repeats counted once. Times in milliseconds, cost in USD.';
