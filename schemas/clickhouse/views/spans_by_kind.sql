CREATE OR REPLACE VIEW spans_by_kind AS
SELECT
    tenant,
    kind,
    operation,
    count() AS spans,
    uniqExact(trace_id) AS traces,
    countIf(status = 'error') AS errors,
    quantileExact(0.5)(duration_ns) / 1e6 AS median_ms,
    quantileExact(0.95)(duration_ns) / 1e6 AS p95_ms
FROM
(
    SELECT tenant, kind, operation, trace_id, status, duration_ns
    FROM spans
    LIMIT 1 BY event_id
)
GROUP BY tenant, kind, operation
ORDER BY tenant, kind, operation
COMMENT 'Spans of each kind and operation, repeats counted once. Times in milliseconds.';
