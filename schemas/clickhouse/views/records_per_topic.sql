CREATE OR REPLACE VIEW records_per_topic AS
SELECT
    topic,
    count() AS rows,
    uniqExact(partition, offset) AS distinct_offsets,
    uniqExact(event_id) AS distinct_events,
    min(time) AS first_time,
    max(time) AS last_time
FROM records
GROUP BY topic
ORDER BY topic
COMMENT 'Rows of each topic. rows = distinct_offsets proves that nothing was stored twice; distinct_events is lower where a producer published an event again.';
