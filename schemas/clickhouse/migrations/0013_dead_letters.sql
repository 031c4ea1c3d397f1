CREATE TABLE IF NOT EXISTS dead_letters
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    type LowCardinality(String) COMMENT 'Type of the event and its version (ce_type).',
    consumer_group LowCardinality(String) COMMENT 'Consumer that gave the record up.',
    original_topic LowCardinality(String) COMMENT 'Topic that the record came from.',
    original_partition Int32 COMMENT 'Partition that the record came from.',
    original_offset Int64 COMMENT 'Offset that the record came from.',
    original_time Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the original record.',
    attempts Int32 COMMENT 'How often the consumer tried. 0 for a record that is no event.',
    first_failed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it failed for the first time.',
    reason LowCardinality(String) COMMENT 'Class of the failure in one word.',
    message String COMMENT 'The failure, without payload.',
    code_version LowCardinality(String) COMMENT 'Version of the code that gave it up.',
    omitted_bytes Int64 COMMENT 'Size of a value that was too large to be kept here. It is still in the original topic.',
    key String COMMENT 'Key of the record, byte for byte.' CODEC(ZSTD(3)),
    value String COMMENT 'Value of the record, byte for byte.' CODEC(ZSTD(3)),
    value_is_null Bool COMMENT 'True when the record had no value, which is not an empty one.',
    headers Map(LowCardinality(String), String) COMMENT 'Headers of the record, in their order.' CODEC(ZSTD(1)),
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, consumer_group, reason, time, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of a dead-letter topic: a record that a consumer gave up, and why. time is when it was given up.';
