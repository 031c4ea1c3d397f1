CREATE OR REPLACE VIEW records
(
    `table` String COMMENT 'Table of the record.',
    topic LowCardinality(String) COMMENT 'Topic of the record.',
    `partition` Int32 COMMENT 'Partition of the record.',
    `offset` Int64 COMMENT 'Offset of the record.',
    event_id String COMMENT 'Id of the event.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened.',
    tenant LowCardinality(String) COMMENT 'Owner of the event.'
)
AS
SELECT 'queries' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM queries
UNION ALL
SELECT 'answers' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM answers
UNION ALL
SELECT 'answer_chunks' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM answer_chunks
UNION ALL
SELECT 'spans' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM spans
UNION ALL
SELECT 'interactions' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM interactions
UNION ALL
SELECT 'scores' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM scores
UNION ALL
SELECT 'feedback' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM feedback
UNION ALL
SELECT 'review_requests' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM review_requests
UNION ALL
SELECT 'review_decisions' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM review_decisions
UNION ALL
SELECT 'documents' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM documents
UNION ALL
SELECT 'enquiries' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM enquiries
UNION ALL
SELECT 'quotations' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM quotations
UNION ALL
SELECT 'datasets' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM datasets
UNION ALL
SELECT 'training_events' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM training_events
UNION ALL
SELECT 'model_events' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM model_events
UNION ALL
SELECT 'dead_letters' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM dead_letters
UNION ALL
SELECT 'raw_records' AS table, _topic AS topic, _partition AS partition, _offset AS offset, event_id, time, tenant FROM raw_records
COMMENT 'Where every record of the log is stored. A record is in exactly one table, once.';
