CREATE TABLE IF NOT EXISTS model_events
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    type LowCardinality(String) COMMENT 'Type of the event and its version (ce_type).',
    model LowCardinality(String) COMMENT 'Name of the model series.',
    version String COMMENT 'Version within the series.',
    job_id String COMMENT 'Training job (trained).',
    dataset_id String COMMENT 'Dataset (trained).',
    base_model LowCardinality(String) COMMENT 'Base model (trained).',
    adapter_uri String COMMENT 'Where the adapter is (trained).',
    uri String COMMENT 'Where the packaged file is (packaged).',
    sha256 String COMMENT 'SHA-256 of the file, hex (packaged).',
    quantization LowCardinality(String) COMMENT 'Quantization of the file (packaged).',
    served_name LowCardinality(String) COMMENT 'Name under which it is served (packaged, promoted).',
    incumbent String COMMENT 'Version that answered at the time (evaluated).',
    candidate_scores Map(LowCardinality(String), Float64) COMMENT 'Scores of this version (evaluated).',
    incumbent_scores Map(LowCardinality(String), Float64) COMMENT 'Scores of the incumbent (evaluated).',
    questions Int64 COMMENT 'Held-out questions (evaluated).',
    reason String COMMENT 'Why (promoted, rejected, rolled_back).',
    from_version String COMMENT 'Version that was left (rolled_back).',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, model, time, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of model.*: the life of trained models. Fields of other types than the row''s are empty.';
