-- What did the latest run do, step by step?
SELECT start_time, kind, name, round(duration_ns / 1e6) AS ms, input_tokens, output_tokens, status, output
FROM spans
WHERE trace_id = (SELECT trace_id FROM spans WHERE start_time > (SELECT max(start_time) FROM spans) - INTERVAL 1 MINUTE ORDER BY start_time DESC, trace_id LIMIT 1)
ORDER BY start_time, span_id
