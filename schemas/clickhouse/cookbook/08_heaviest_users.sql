-- Which users used the most tokens in the last day?
SELECT tenant, user_id, sum(input_tokens + output_tokens) AS tokens, uniqExact(trace_hash) AS runs
FROM spans
WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY AND kind = 'llm'
GROUP BY tenant, user_id
ORDER BY tokens DESC, tenant, user_id
LIMIT 10
