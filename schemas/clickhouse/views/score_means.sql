CREATE OR REPLACE VIEW score_means AS
SELECT
    tenant,
    name,
    evaluator,
    evaluator_version,
    any(direction) AS direction,
    count() AS scores,
    countIf(isFinite(value)) AS with_value,
    avgIf(value, isFinite(value)) AS mean,
    countIf(passed AND isFinite(value)) / nullIf(with_value, 0) AS passed_share,
    countIf(state = 'abstained') AS abstained,
    countIf(state = 'error') AS errors
FROM
(
    SELECT tenant, name, evaluator, evaluator_version, direction, value, passed, state
    FROM scores
    LIMIT 1 BY event_id
)
GROUP BY tenant, name, evaluator, evaluator_version
ORDER BY tenant, name, evaluator, evaluator_version
COMMENT 'Mean of each measure, repeats counted once. A score without a finite value counts, but not in the mean.';
