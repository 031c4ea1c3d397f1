CREATE TABLE IF NOT EXISTS feedback
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    query_id String COMMENT 'Event id of the question.',
    thread_id String COMMENT 'Conversation.',
    value Float64 COMMENT '0 (bad) to 1 (good).',
    comment String COMMENT 'What the person said.' CODEC(ZSTD(3)),
    corrected_answer String COMMENT 'What the answer should have been.' CODEC(ZSTD(3)),
    channel LowCardinality(String) COMMENT 'Where it came from: gateway, sdk, console, cli.',
    user_id String COMMENT 'User of the upstream application.',
    session_id String COMMENT 'Session of the upstream application, for example one visit.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    tags Array(LowCardinality(String)) COMMENT 'Free labels for filtering.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), trace_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of feedback.given: a person''s verdict on an answer.';
