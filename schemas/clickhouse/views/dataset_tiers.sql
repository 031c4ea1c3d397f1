CREATE OR REPLACE VIEW dataset_tiers AS
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
