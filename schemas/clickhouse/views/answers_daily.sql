CREATE OR REPLACE VIEW answers_daily AS
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
