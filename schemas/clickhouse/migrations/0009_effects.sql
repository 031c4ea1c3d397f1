CREATE TABLE IF NOT EXISTS enquiries
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    enquiry_id String COMMENT 'Id, derived from the tool call.',
    thread_id String COMMENT 'Conversation.',
    query_id String COMMENT 'Event id of the question.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    customer String COMMENT 'Customer.',
    contact String COMMENT 'How to reach the customer.',
    subject String COMMENT 'Subject.',
    message String COMMENT 'Message.' CODEC(ZSTD(3)),
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), enquiry_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of enquiry.submitted: an effect of the tool submit_enquiry.';

CREATE TABLE IF NOT EXISTS quotations
(
    event_id String COMMENT 'Id of the event (ce_id). A repeat carries the same id at another offset.',
    time DateTime64(6, 'UTC') COMMENT 'When the event happened (ce_time).' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String) COMMENT 'Owner of the event (ce_subject).',
    source LowCardinality(String) COMMENT 'Who published the event (ce_source).',
    trace_parent String COMMENT 'W3C trace context of the pipeline itself. Often empty.',
    quotation_id String COMMENT 'Id, derived from the tool call.',
    thread_id String COMMENT 'Conversation.',
    query_id String COMMENT 'Event id of the question.',
    trace_id String COMMENT 'W3C trace id, 32 hex digits.',
    customer String COMMENT 'Customer.',
    `items.style` Array(String) COMMENT 'Style of each item.',
    `items.description` Array(String) COMMENT 'Description of each item.',
    `items.quantity` Array(Float64) COMMENT 'Quantity of each item.',
    `items.unit` Array(LowCardinality(String)) COMMENT 'Unit of each quantity.',
    `items.unit_price_minor` Array(Int64) COMMENT 'Price of one unit of each item, in hundredths of the currency.',
    total_minor Int64 COMMENT 'Total in hundredths of the currency.',
    currency LowCardinality(String) COMMENT 'ISO 4217.',
    lead_time_days Int32 COMMENT 'Lead time in days.',
    _topic LowCardinality(String) COMMENT 'Topic of the record.',
    _partition Int32 COMMENT 'Partition of the record.' CODEC(Delta, ZSTD(1)),
    _offset Int64 COMMENT 'Offset of the record within its partition.' CODEC(Delta, ZSTD(1)),
    INDEX offset_range _offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, toStartOfHour(time), quotation_id, event_id)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'One row for each record of quotation.generated: an effect of the tool generate_quotation.';
