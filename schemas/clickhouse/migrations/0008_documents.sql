CREATE TABLE IF NOT EXISTS documents
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    document_id String COMMENT 'Id of the document, cited in answers.',
    title String COMMENT 'Title.',
    text String COMMENT 'Plain text or Markdown.' CODEC(ZSTD(3)),
    media_type LowCardinality(String) COMMENT 'Media type of the text.',
    uri String COMMENT 'Where the document came from.',
    content_sha256 String COMMENT 'SHA-256 of the original file, hex.',
    metadata Map(LowCardinality(String), String) COMMENT 'Front matter and other fields.',
    modified_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the original was modified.',
    deleted Bool COMMENT 'True when the record is a tombstone: the document was removed.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, document_id, time, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of document.changed: every version of every document of the knowledge base, and its removal.';
