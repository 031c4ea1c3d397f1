CREATE OR REPLACE VIEW evaluator_drift
(
    day Date COMMENT 'Day in UTC.',
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    name LowCardinality(String) COMMENT 'Name of the measure.',
    evaluator LowCardinality(String) COMMENT 'Who gave the scores.',
    evaluator_versions Array(String) COMMENT 'Versions that gave the scores of the day.',
    scores UInt64 COMMENT 'Scores of the day that have a finite value.',
    mean Float64 COMMENT 'Mean of the day.',
    passed_share Float64 COMMENT 'Share of the day on the good side of the threshold, 0 to 1.',
    mean_before Nullable(Float64) COMMENT 'Mean of the seven days before. NULL without scores then.',
    shift Nullable(Float64) COMMENT 'mean minus mean_before.',
    shift_in_deviations Nullable(Float64) COMMENT 'shift in standard deviations of the seven days before.',
    share_without_value Float64 COMMENT 'Share of scores without a finite value, 0 to 1: abstained, failed, nothing to judge.'
)
AS
SELECT
    day,
    tenant,
    name,
    evaluator,
    evaluator_versions,
    with_value AS scores,
    total / with_value AS mean,
    passed / with_value AS passed_share,
    total_before / nullIf(with_value_before, 0) AS mean_before,
    mean - mean_before AS shift,
    shift / nullIf(sqrt(greatest(squares_before / nullIf(with_value_before, 0) - mean_before * mean_before, 0)), 0) AS shift_in_deviations,
    without_value / (without_value + with_value) AS share_without_value
FROM
(
    SELECT
        *,
        sum(with_value) OVER week_before AS with_value_before,
        sum(total) OVER week_before AS total_before,
        sum(squares) OVER week_before AS squares_before
    FROM
    (
        SELECT
            toDate(time) AS day,
            tenant,
            name,
            evaluator,
            arraySort(groupUniqArray(toString(evaluator_version))) AS evaluator_versions,
            countIf(isFinite(value)) AS with_value,
            count() - countIf(isFinite(value)) AS without_value,
            sumIf(ifNull(value, 0), isFinite(value)) AS total,
            sumIf(ifNull(value, 0) * ifNull(value, 0), isFinite(value)) AS squares,
            countIf(passed AND isFinite(value)) AS passed
        FROM
        (
            SELECT time, tenant, name, evaluator, evaluator_version, value, passed
            FROM scores
            WHERE (tenant, trace_id) NOT IN (SELECT tenant, trace_id FROM interactions WHERE environment = 'gate')
            LIMIT 1 BY event_id
        )
        GROUP BY day, tenant, name, evaluator
    )
    WINDOW week_before AS (PARTITION BY tenant, name, evaluator ORDER BY day RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING)
)
WHERE with_value > 0
ORDER BY day DESC, tenant, name, evaluator
COMMENT 'Mean of each measure and day beside the mean of the seven days before. A shift with a new evaluator version is the evaluator''s, one without is the answers''. Repeats count once. Answers of models that are being judged before they answer (environment gate) are left out.';
