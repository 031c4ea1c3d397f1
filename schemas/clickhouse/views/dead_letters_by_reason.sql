CREATE OR REPLACE VIEW dead_letters_by_reason
(
    consumer_group LowCardinality(String) COMMENT 'Consumer that gave the records up.',
    original_topic LowCardinality(String) COMMENT 'Topic that they came from.',
    reason LowCardinality(String) COMMENT 'Class of the failure in one word.',
    dead_letters UInt64 COMMENT 'Dead letters.',
    events UInt64 COMMENT 'Different events among them.',
    first_time DateTime64(6, 'UTC') COMMENT 'First time that one was given up.',
    last_time DateTime64(6, 'UTC') COMMENT 'Last time that one was given up.',
    last_message String COMMENT 'The latest failure, without payload.'
)
AS
SELECT
    consumer_group,
    original_topic,
    reason,
    count() AS dead_letters,
    uniqExact(event_id) AS events,
    min(time) AS first_time,
    max(time) AS last_time,
    argMax(message, time) AS last_message
FROM dead_letters
GROUP BY consumer_group, original_topic, reason
ORDER BY dead_letters DESC, consumer_group, original_topic, reason
COMMENT 'Records that consumers gave up. events is lower than dead_letters where a record was given up again.';
