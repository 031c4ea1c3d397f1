CREATE OR REPLACE VIEW records_per_topic
(
    topic LowCardinality(String) COMMENT 'Topic of the records.',
    rows UInt64 COMMENT 'Rows of all tables.',
    distinct_offsets UInt64 COMMENT 'Different positions. Equal to rows, or something is stored twice.',
    distinct_events UInt64 COMMENT 'Different events. Lower where a producer published an event again.',
    first_time DateTime64(6, 'UTC') COMMENT 'Earliest time of an event.',
    last_time DateTime64(6, 'UTC') COMMENT 'Latest time of an event.'
)
AS
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
