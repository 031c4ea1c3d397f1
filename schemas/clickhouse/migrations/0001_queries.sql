CREATE TABLE IF NOT EXISTS queries
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    text String COMMENT 'The question.' CODEC(ZSTD(3)),
    thread_id String COMMENT 'Conversation.',
    user_id String COMMENT 'User of the upstream application.',
    session_id String COMMENT 'Session of the upstream application, for example one visit.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    tags Array(LowCardinality(String)) COMMENT 'Free labels for filtering.',
    max_steps Int32 COMMENT 'Upper bound of the agent''s steps. 0 is the agent''s default.',
    metadata Map(LowCardinality(String), String) COMMENT 'Free fields of the upstream application.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), thread_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of query.asked: a question to the agent. Its event_id is the query id.';
