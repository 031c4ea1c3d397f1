-- How long do the models take?
SELECT model, sum(spans) AS calls, round(max(p50_ms)) AS worst_hour_p50_ms, round(max(p95_ms)) AS worst_hour_p95_ms
FROM spans_per_hour
WHERE kind = 'llm'
GROUP BY model
ORDER BY worst_hour_p95_ms DESC, model
