CREATE TABLE IF NOT EXISTS spans_full
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    span_id String COMMENT 'W3C span id, 16 hex digits.',
    start_time DateTime64(9, 'UTC') COMMENT 'Start of the span.' CODEC(Delta, ZSTD(1)),
    input String COMMENT 'Input as text or JSON, whole.' CODEC(ZSTD(3)),
    output String COMMENT 'Output as text or JSON, whole.' CODEC(ZSTD(3)),
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX offset_range _offset TYPE minmax GRANULARITY 1,
    INDEX input_words lower(input) TYPE text(tokenizer = splitByNonAlpha),
    INDEX output_words lower(output) TYPE text(tokenizer = splitByNonAlpha)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(start_time)
ORDER BY (tenant, toStartOfMinute(start_time), trace_id, span_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    max_compress_block_size = 8388608,
    min_compress_block_size = 4194304,
    index_granularity_bytes = 67108864
COMMENT 'The whole input and output of each row of spans that has any; spans holds previews. Words are found with hasToken(lower(output), ''valve'').';

INSERT INTO spans_full
SELECT event_id, time, tenant, source, trace_id, span_id, start_time, input, output, _topic, _partition, _offset
FROM spans
WHERE (input != '' OR output != '') AND (_topic, _partition, _offset) NOT IN (SELECT _topic, _partition, _offset FROM spans_full);

ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS input_bytes Int32 COMMENT 'Size of the whole input.' AFTER output,
    ADD COLUMN IF NOT EXISTS output_bytes Int32 COMMENT 'Size of the whole output.' AFTER input_bytes,
    MODIFY SETTING map_serialization_version = 'with_buckets', map_buckets_min_avg_size = 1;

ALTER TABLE spans
    UPDATE
        input_bytes = greatest(input_bytes, toInt32(length(input))),
        output_bytes = greatest(output_bytes, toInt32(length(output))),
        input = leftUTF8(input, 200),
        output = leftUTF8(output, 200)
    WHERE true
    SETTINGS mutations_sync = 2;

ALTER TABLE spans
    COMMENT COLUMN input 'First 200 characters of the input. The whole is in spans_full.',
    COMMENT COLUMN output 'First 200 characters of the output. The whole is in spans_full.';
