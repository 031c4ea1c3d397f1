CREATE OR REPLACE VIEW review_queue
(
    time DateTime64(6, 'UTC') COMMENT 'When the review was asked for.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    review_id String COMMENT 'Id of the review.',
    thread_id String COMMENT 'Conversation.',
    query_id String COMMENT 'Event id of the question.',
    question String COMMENT 'The question.',
    tool LowCardinality(String) COMMENT 'Tool that waits.',
    arguments String COMMENT 'Arguments of the tool as JSON.',
    description String COMMENT 'What the reviewer decides.',
    allowed_decisions Array(LowCardinality(String)) COMMENT 'Decisions that are allowed.',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it lapses. NULL: never.',
    expired Bool COMMENT 'Whether it has lapsed.'
)
AS
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
