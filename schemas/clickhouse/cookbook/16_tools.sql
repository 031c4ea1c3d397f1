-- Which tools run, how long, and how often do they fail?
SELECT tool, count() AS calls, countIf(status = 'error') AS errors, round(quantile(0.95)(duration_ns) / 1e6) AS p95_ms
FROM spans
WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY AND kind = 'tool'
GROUP BY tool
ORDER BY calls DESC, tool
