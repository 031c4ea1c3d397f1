-- Which runs of the last day were the most expensive?
SELECT tenant, trace_id, sum(cost) AS cost_usd, count() AS calls, sum(input_tokens) AS input_tokens
FROM spans
WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY AND kind IN ('llm', 'embedding') AND cost IS NOT NULL AND trace_hash IN
(
    SELECT trace_hash
    FROM spans
    WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY AND kind IN ('llm', 'embedding') AND cost IS NOT NULL
    GROUP BY trace_hash
    ORDER BY sum(assumeNotNull(cost)) DESC
    LIMIT 10
)
GROUP BY tenant, trace_id
ORDER BY cost_usd DESC, trace_id
LIMIT 10
