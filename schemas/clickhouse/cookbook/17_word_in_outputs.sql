-- Which runs spoke of parking?
SELECT tenant, trace_id, span_id, substringUTF8(output, greatest(1, positionUTF8(lower(output), 'parked') - 40), 100) AS passage
FROM spans_full
WHERE hasToken(lower(output), 'parked')
ORDER BY start_time DESC, span_id
LIMIT 10
