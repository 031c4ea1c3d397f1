CREATE TABLE IF NOT EXISTS training_events
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    type LowCardinality(String) COMMENT 'Type of the event and its version (ce_type).',
    job_id String COMMENT 'Hash of dataset and configuration.',
    dataset_id String COMMENT 'Dataset (started).',
    method LowCardinality(String) COMMENT 'lora, qlora, dora or qdora (started).',
    base_model LowCardinality(String) COMMENT 'Base model (started).',
    config_json String COMMENT 'Configuration as JSON (started).',
    estimated_vram_bytes Int64 COMMENT 'Estimate of GPU memory in bytes (started).',
    estimated_seconds Int64 COMMENT 'Estimate of the duration in seconds (started).',
    step Int64 COMMENT 'Step of the curve (progressed).',
    total_steps Int64 COMMENT 'Steps in all (progressed).',
    loss Nullable(Float64) COMMENT 'Training loss (progressed).',
    learning_rate Nullable(Float64) COMMENT 'Learning rate (progressed).',
    tokens_per_second Nullable(Float64) COMMENT 'Speed in tokens per second (progressed).',
    vram_bytes Int64 COMMENT 'GPU memory in use in bytes (progressed).',
    eta_seconds Int64 COMMENT 'Seconds that remain (progressed).',
    adapter_uri String COMMENT 'Where the adapter is (finished).',
    train_loss Nullable(Float64) COMMENT 'Final training loss (finished).',
    eval_loss Nullable(Float64) COMMENT 'Final loss on the held-out rows (finished).',
    seconds Int64 COMMENT 'Duration in seconds (finished).',
    reason String COMMENT 'Class of the failure or what is missing (failed, blocked).',
    message String COMMENT 'What to do about it (failed).',
    command String COMMENT 'Command that would unblock it (blocked).',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, job_id, time, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of training.*: what became of a training job. Fields of other types than the row''s are empty or NULL.';
