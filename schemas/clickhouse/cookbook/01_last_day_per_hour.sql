-- What happened in the last day, hour by hour?
SELECT hour, sum(spans) AS spans, sum(errors) AS errors, sum(input_tokens + output_tokens) AS tokens, sum(cost_usd) AS cost_usd
FROM spans_per_hour
WHERE hour > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY
GROUP BY hour
ORDER BY hour
