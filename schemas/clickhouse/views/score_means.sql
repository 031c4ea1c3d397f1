CREATE OR REPLACE VIEW score_means
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    name LowCardinality(String) COMMENT 'Name of the measure.',
    evaluator LowCardinality(String) COMMENT 'Who gave the scores.',
    evaluator_version LowCardinality(String) COMMENT 'Version of the evaluator.',
    direction String COMMENT 'Which end is good: higher_is_better or lower_is_better.',
    scores UInt64 COMMENT 'Scores, with and without a value.',
    with_value UInt64 COMMENT 'Scores that have a finite value.',
    mean Nullable(Float64) COMMENT 'Mean of the finite values.',
    passed_share Nullable(Float64) COMMENT 'Share of the finite values on the good side of the threshold, 0 to 1.',
    abstained UInt64 COMMENT 'Scores of answers that abstained.',
    errors UInt64 COMMENT 'Scores that the evaluator failed to give.'
)
AS
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
    WHERE (tenant, trace_id) NOT IN (SELECT tenant, trace_id FROM interactions WHERE environment = 'gate')
    LIMIT 1 BY event_id
)
GROUP BY tenant, name, evaluator, evaluator_version
ORDER BY tenant, name, evaluator, evaluator_version
COMMENT 'Mean of each measure, repeats counted once. A score without a finite value counts, but not in the mean. Answers of models that are being judged before they answer (environment gate) are left out.';
