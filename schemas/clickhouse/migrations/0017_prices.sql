CREATE TABLE IF NOT EXISTS prices
(
    version String COMMENT 'Version of the price table, for example its date.',
    source String COMMENT 'Where the prices are from.',
    added_at DateTime64(6, 'UTC') COMMENT 'When the table was added. The latest is the one that costs_repriced reads.',
    ordinal UInt32 COMMENT 'Place within the table: the first pattern that matches counts.',
    model String COMMENT 'Pattern that the whole name of a model must match.',
    above_input_tokens Int64 COMMENT 'The price holds for calls with more input tokens than this: 0 for the usual one.',
    input Decimal(18, 9) COMMENT 'USD for a million input tokens.',
    cached Decimal(18, 9) COMMENT 'USD for a million input tokens that came from a cache.',
    output Decimal(18, 9) COMMENT 'USD for a million output tokens.'
)
ENGINE = MergeTree
ORDER BY (version, ordinal)
SETTINGS
    non_replicated_deduplication_window = 100000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'Price tables, one row for each price: added by ragline prices update.';
