CREATE OR REPLACE VIEW dataset_tiers
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    name LowCardinality(String) COMMENT 'Series of the dataset.',
    dataset_id String COMMENT 'Latest dataset of the series.',
    time DateTime64(6, 'UTC') COMMENT 'When it was ready.',
    tier String COMMENT 'Tier: gold, silver, bronze.',
    rows Int64 COMMENT 'Rows of the tier.'
)
AS
SELECT
    tenant,
    name,
    dataset_id,
    time,
    tier,
    tier_rows[tier] AS rows
FROM
(
    SELECT tenant, name, dataset_id, time, tier_rows
    FROM datasets
    ORDER BY time DESC, _offset DESC
    LIMIT 1 BY tenant, name
)
ARRAY JOIN mapKeys(tier_rows) AS tier
ORDER BY tenant, name, indexOf(['gold', 'silver', 'bronze'], tier), tier
COMMENT 'Rows of each tier in the latest dataset of each series.';
