CREATE TABLE IF NOT EXISTS datasets
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    dataset_id String COMMENT 'Hash of offsets, rules and seeds.',
    name LowCardinality(String) COMMENT 'Name of the series.',
    uri String COMMENT 'Folder or bucket that holds the files.',
    manifest_sha256 String COMMENT 'SHA-256 of manifest.json, hex.',
    rule_version LowCardinality(String) COMMENT 'Version of the rules.',
    tier_rows Map(LowCardinality(String), Int64) COMMENT 'Rows for each tier: gold, silver, bronze.',
    split_rows Map(LowCardinality(String), Int64) COMMENT 'Rows for each split: train, heldout.',
    rows Int64 COMMENT 'Rows of the dataset.',
    `offsets.topic` Array(LowCardinality(String)) COMMENT 'Topic of each range of records that was read.',
    `offsets.partition` Array(Int32) COMMENT 'Partition of each range.',
    `offsets.from` Array(Int64) COMMENT 'First offset of each range.',
    `offsets.to` Array(Int64) COMMENT 'Offset after the last of each range.',
    `files.path` Array(String) COMMENT 'Path of each file.',
    `files.sha256` Array(String) COMMENT 'SHA-256 of each file, hex.',
    `files.bytes` Array(Int64) COMMENT 'Size of each file in bytes.',
    `files.rows` Array(Int64) COMMENT 'Rows of each file.',
    `files.format` Array(LowCardinality(String)) COMMENT 'Format of each file: messages or sharegpt.',
    `files.split` Array(LowCardinality(String)) COMMENT 'Split of each file: train or heldout.',
    built_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was built.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, name, time, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of dataset.ready: an immutable dataset and its manifest.';
