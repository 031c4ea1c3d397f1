ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS trace_hash UInt64 MATERIALIZED cityHash64(trace_id) COMMENT 'Hash of trace_id, made by ClickHouse: to count and group traces by, at a third of the time.' AFTER trace_id,
    ADD COLUMN IF NOT EXISTS tool LowCardinality(String) MATERIALIZED attributes['gen_ai.tool.name'] COMMENT 'gen_ai.tool.name, taken out of attributes by ClickHouse. Empty where no tool runs.' AFTER operation,
    ADD INDEX IF NOT EXISTS trace_hash_bloom trace_hash TYPE bloom_filter(0.001) GRANULARITY 1;

ALTER TABLE spans MATERIALIZE COLUMN trace_hash SETTINGS mutations_sync = 2;

ALTER TABLE spans MATERIALIZE COLUMN tool SETTINGS mutations_sync = 2;

ALTER TABLE spans MATERIALIZE INDEX trace_hash_bloom SETTINGS mutations_sync = 2;
