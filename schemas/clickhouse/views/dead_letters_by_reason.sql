CREATE OR REPLACE VIEW dead_letters_by_reason AS
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
