CREATE TABLE IF NOT EXISTS review_requests
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    review_id String COMMENT 'Id of the review.',
    thread_id String COMMENT 'Conversation.',
    query_id String COMMENT 'Event id of the question.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    question String COMMENT 'The question that led here.' CODEC(ZSTD(3)),
    tool LowCardinality(String) COMMENT 'Tool that waits.',
    arguments String COMMENT 'Arguments of the tool as JSON.' CODEC(ZSTD(3)),
    description String COMMENT 'What will happen, for the reviewer.',
    allowed_decisions Array(LowCardinality(String)) COMMENT 'Subset of approve, reject, edit, respond.',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the review lapses.',
    user_id String COMMENT 'User of the upstream application.',
    session_id String COMMENT 'Session of the upstream application, for example one visit.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    tags Array(LowCardinality(String)) COMMENT 'Free labels for filtering.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), review_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of review.requested: a run that waits for a person.';

CREATE TABLE IF NOT EXISTS review_decisions
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    review_id String COMMENT 'Id of the review.',
    thread_id String COMMENT 'Conversation.',
    decision LowCardinality(String) COMMENT 'approve, reject, edit or respond.',
    arguments String COMMENT 'Arguments as JSON, for edit.' CODEC(ZSTD(3)),
    comment String COMMENT 'What the reviewer said.',
    reviewer LowCardinality(String) COMMENT 'Who decided.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), review_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of review.decided: a reviewer''s decision. The first of a review counts.';
