CREATE TABLE IF NOT EXISTS answers
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    query_id String COMMENT 'Event id of the question.',
    thread_id String COMMENT 'Conversation.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    text String COMMENT 'The final answer, with document ids in square brackets as citations.' CODEC(ZSTD(3)),
    success Bool COMMENT 'Whether the run ended well.',
    state LowCardinality(String) COMMENT 'How the run ended: answered, not_in_knowledge_base, rejected, failed.',
    `sources.document_id` Array(String) COMMENT 'Id of each source document.',
    `sources.title` Array(String) COMMENT 'Title of each source.',
    `sources.text` Array(String) COMMENT 'Passage of each source, as the model saw it.' CODEC(ZSTD(3)),
    `sources.score` Array(Float64) COMMENT 'Retrieval score of each source. Comparable within one answer only.',
    `sources.uri` Array(String) COMMENT 'Where each source came from.',
    `sources.cited` Array(Bool) COMMENT 'Whether the answer cites the source.',
    `steps.index` Array(Int32) COMMENT 'Number of each step of the run.',
    `steps.node` Array(LowCardinality(String)) COMMENT 'Node of the graph of each step.',
    `steps.thought` Array(String) COMMENT 'Thought of each step.' CODEC(ZSTD(3)),
    `steps.tool` Array(LowCardinality(String)) COMMENT 'Tool of each step.',
    `steps.tool_input` Array(String) COMMENT 'Arguments of each step''s tool as JSON.' CODEC(ZSTD(3)),
    `steps.observation` Array(String) COMMENT 'Observation of each step.' CODEC(ZSTD(3)),
    `steps.started_at` Array(Nullable(DateTime64(6, 'UTC'))) COMMENT 'Start of each step.',
    `steps.duration_ms` Array(Int64) COMMENT 'Duration of each step in milliseconds.',
    iterations Int32 COMMENT 'Rounds through the thought node.',
    total_time_ms Int64 COMMENT 'Milliseconds from the acceptance of the query to the answer, waits for a review included.',
    tools_used Array(LowCardinality(String)) COMMENT 'Tools that ran.',
    model LowCardinality(String) COMMENT 'Model that answered.',
    prompt_version LowCardinality(String) COMMENT 'Version of the prompt.',
    input_tokens Int64 COMMENT 'Tokens that went in, cached ones included.',
    output_tokens Int64 COMMENT 'Tokens that came out, reasoning included.',
    cache_read_input_tokens Int64 COMMENT 'Part of input_tokens that came from a cache.',
    cache_creation_input_tokens Int64 COMMENT 'Part of input_tokens that was written into a cache.',
    reasoning_output_tokens Int64 COMMENT 'Part of output_tokens that was reasoning.',
    cost Nullable(Decimal(18, 12)) COMMENT 'Cost in USD. NULL means unknown, which is not zero.',
    price_table LowCardinality(String) COMMENT 'Version of the price table that gave the cost.',
    user_id String COMMENT 'User of the upstream application.',
    session_id String COMMENT 'Session of the upstream application, for example one visit.',
    environment LowCardinality(String) COMMENT 'Deployment environment such as production.',
    tags Array(LowCardinality(String)) COMMENT 'Free labels for filtering.',
    error String COMMENT 'Why the run failed. Empty on success.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), thread_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of answer.given: the agent''s result for one query.';

CREATE TABLE IF NOT EXISTS answer_chunks
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    query_id String COMMENT 'Event id of the question.',
    thread_id String COMMENT 'Conversation.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    `index` Int32 COMMENT 'Position in the answer, from 0.',
    text String COMMENT 'The piece.' CODEC(ZSTD(3)),
    `last` Bool COMMENT 'True on the closing chunk, which may be empty.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (tenant, toStartOfHour(time), query_id, index)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of answer.chunk: a piece of an answer while it was written.';
