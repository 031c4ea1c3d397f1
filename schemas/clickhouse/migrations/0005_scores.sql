CREATE TABLE IF NOT EXISTS scores
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    span_id String COMMENT 'Evaluated span. Empty for the whole trace.',
    name LowCardinality(String) COMMENT 'Name of the measure: hallucination, grounding, relevance, domain_accuracy and others.',
    value Nullable(Float64) COMMENT 'Value, 0 to 1 for the built-in evaluators. NULL where the state has none.',
    label LowCardinality(String) COMMENT 'Value in one word, for example grounded.',
    explanation String COMMENT 'One sentence for people.' CODEC(ZSTD(3)),
    state LowCardinality(String) COMMENT 'Whether the score means anything: ok, abstained, no_context, error, not_applicable.',
    direction LowCardinality(String) COMMENT 'Which end is good: higher_is_better or lower_is_better.',
    passed Bool COMMENT 'Whether the value is on the good side of the threshold.',
    threshold Float64 COMMENT 'The threshold.',
    evaluator LowCardinality(String) COMMENT 'Who gave the score.',
    evaluator_version LowCardinality(String) COMMENT 'Version of the evaluator.',
    calibration_version LowCardinality(String) COMMENT 'Version of its calibration.',
    `evidence.sentence` Array(String) COMMENT 'Each sentence of the answer that was judged.' CODEC(ZSTD(3)),
    `evidence.start` Array(Int32) COMMENT 'First byte of each sentence in the answer.',
    `evidence.end` Array(Int32) COMMENT 'Byte after the last of each sentence.',
    `evidence.document_id` Array(String) COMMENT 'Best matching source of each sentence.',
    `evidence.source_sentence` Array(String) COMMENT 'Best matching sentence of that source.' CODEC(ZSTD(3)),
    `evidence.overlap` Array(Float64) COMMENT 'Share of each sentence''s content words that the source sentence has.',
    `evidence.unsupported_terms` Array(Array(String)) COMMENT 'Terms of each sentence without support.',
    `evidence.unsupported_numbers` Array(Array(String)) COMMENT 'Numbers of each sentence without support.',
    `evidence.verdict` Array(LowCardinality(String)) COMMENT 'Verdict on each sentence: supported, unsupported, contradicted, confirmed.',
    `evidence.note` Array(String) COMMENT 'Correct value or other remark on each sentence.',
    features Map(LowCardinality(String), Float64) COMMENT 'Raw features, so that history can be scored again without the text.',
    query_id String COMMENT 'Event id of the question.',
    thread_id String COMMENT 'Conversation.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, name, toStartOfHour(time), trace_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of score.given: an evaluation result (gen_ai.evaluation.result).';
