-- What do the latest failures of the last day say?
SELECT status_message, count() AS times, max(start_time) AS last_time, argMax(trace_id, start_time) AS last_trace
FROM spans
WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 DAY AND status = 'error'
GROUP BY status_message
ORDER BY times DESC, status_message
LIMIT 10
