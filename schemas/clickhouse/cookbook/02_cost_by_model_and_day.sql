-- What does each model cost, day by day?
SELECT toDate(hour) AS day, provider, model, sum(spans) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
FROM spans_per_hour
WHERE kind IN ('llm', 'embedding')
GROUP BY day, provider, model
ORDER BY day DESC, cost_usd DESC, model
