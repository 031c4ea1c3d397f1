CREATE TABLE IF NOT EXISTS interactions
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    query_id String COMMENT 'Event id of the question.',
    thread_id String COMMENT 'Conversation.',
    question String COMMENT 'The question.' CODEC(ZSTD(3)),
    answer String COMMENT 'The answer.' CODEC(ZSTD(3)),
    `sources.document_id` Array(String) COMMENT 'Id of each source document.',
    `sources.title` Array(String) COMMENT 'Title of each source.',
    `sources.text` Array(String) COMMENT 'Passage of each source, as the model saw it.' CODEC(ZSTD(3)),
    `sources.score` Array(Float64) COMMENT 'Retrieval score of each source. Comparable within one answer only.',
    `sources.uri` Array(String) COMMENT 'Where each source came from.',
    `sources.cited` Array(Bool) COMMENT 'Whether the answer cites the source.',
    model LowCardinality(String) COMMENT 'Model that answered.',
    prompt_name LowCardinality(String) COMMENT 'Name of the prompt.',
    prompt_version LowCardinality(String) COMMENT 'Version of the prompt.',
    state LowCardinality(String) COMMENT 'How the run ended: answered, not_in_knowledge_base, rejected, failed.',
    tools_used Array(LowCardinality(String)) COMMENT 'Tools that ran.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cache_read_input_tokens Int64 COMMENT 'Part of input_tokens that came from a cache.',
    cache_creation_input_tokens Int64 COMMENT 'Part of input_tokens that was written into a cache.',
    reasoning_output_tokens Int64 COMMENT 'Part of output_tokens that was reasoning.',
    cost Nullable(Decimal(18, 12)) COMMENT 'Cost in USD. NULL means unknown, which is not zero.',
    price_table LowCardinality(String) COMMENT 'Version of the price table that gave the cost.',
    latency_ms Int64 COMMENT 'Milliseconds from question to answer.',
    user_id String COMMENT 'User of the upstream application.',
    session_id String COMMENT 'Session of the upstream application, for example one visit.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    tags Array(LowCardinality(String)) COMMENT 'Free labels for filtering.',
    reference_answer String COMMENT 'Answer known to be right, if the application has one.' CODEC(ZSTD(3)),
    self_trained_model Bool COMMENT 'Whether this system trained the answering model.',
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
COMMENT 'One row for each record of interaction.captured: a question and its answer with all that evaluators and datasets need.';
