CREATE OR REPLACE VIEW scores_per_hour
(
    hour DateTime('UTC') COMMENT 'Start of the hour.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    name LowCardinality(String) COMMENT 'Name of the measure.',
    evaluator LowCardinality(String) COMMENT 'Who gave the scores.',
    evaluator_version LowCardinality(String) COMMENT 'Version of the evaluator.',
    scores UInt64 COMMENT 'Scores, with and without a value.',
    with_value UInt64 COMMENT 'Scores that have a finite value.',
    mean Nullable(Float64) COMMENT 'Mean of the finite values.',
    passed_share Nullable(Float64) COMMENT 'Share of the finite values on the good side of the threshold, 0 to 1.'
)
AS
SELECT
    toStartOfHour(toStartOfMinute(time)) AS hour,
    tenant,
    name,
    evaluator,
    evaluator_version,
    count() AS scores,
    countIf(isFinite(value)) AS with_value,
    sumIf(value, isFinite(value)) / nullIf(countIf(isFinite(value)), 0) AS mean,
    countIf(passed AND isFinite(value)) / nullIf(countIf(isFinite(value)), 0) AS passed_share
FROM scores
GROUP BY hour, tenant, name, evaluator, evaluator_version
COMMENT 'Scores of each hour from the rollup that is part of scores: fast at any size. Repeats of an event count again.';
