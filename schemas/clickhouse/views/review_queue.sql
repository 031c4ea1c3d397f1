CREATE OR REPLACE VIEW review_queue AS
SELECT
    time,
    tenant,
    review_id,
    thread_id,
    query_id,
    question,
    tool,
    arguments,
    description,
    allowed_decisions,
    expires_at,
    toBool(ifNull(expires_at <= now64(6), false)) AS expired
FROM
(
    SELECT time, tenant, review_id, thread_id, query_id, question, tool, arguments, description, allowed_decisions, expires_at
    FROM review_requests
    ORDER BY time
    LIMIT 1 BY tenant, review_id
)
WHERE (tenant, review_id) NOT IN (SELECT tenant, review_id FROM review_decisions)
ORDER BY time, review_id
COMMENT 'Reviews that wait for a decision, oldest first.';
