CREATE OR REPLACE VIEW spans_by_kind
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    kind LowCardinality(String) COMMENT 'Kind of work: agent, llm, tool, retrieval, embedding, decision, validation.',
    operation LowCardinality(String) COMMENT 'Operation by the conventions: invoke_agent, chat, execute_tool, retrieval, embeddings.',
    spans UInt64 COMMENT 'Spans.',
    traces UInt64 COMMENT 'Different traces.',
    errors UInt64 COMMENT 'Spans that failed.',
    median_ms Float64 COMMENT 'Median duration in milliseconds.',
    p95_ms Float64 COMMENT 'Duration in milliseconds that 95 of 100 did not exceed.'
)
AS
SELECT
    tenant,
    kind,
    operation,
    count() AS spans,
    uniqExact(trace_hash) AS traces,
    countIf(status = 'error') AS errors,
    quantileExact(0.5)(duration_ns) / 1e6 AS median_ms,
    quantileExact(0.95)(duration_ns) / 1e6 AS p95_ms
FROM
(
    SELECT tenant, kind, operation, trace_hash, status, duration_ns
    FROM spans
    LIMIT 1 BY event_id
)
GROUP BY tenant, kind, operation
ORDER BY tenant, kind, operation
COMMENT 'Spans of each kind and operation, repeats counted once, which reads every span: spans_per_hour is the fast way. Times in milliseconds.';
