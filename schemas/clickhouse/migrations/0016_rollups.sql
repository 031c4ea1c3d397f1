ALTER TABLE spans ADD PROJECTION IF NOT EXISTS by_minute
(
    SELECT
        tenant,
        toStartOfMinute(start_time) AS minute,
        kind,
        operation,
        provider,
        model,
        environment,
        count(),
        countIf(status = 'error'),
        sum(input_tokens),
        sum(output_tokens),
        sum(cost),
        countIf(cost IS NULL),
        quantilesTDigest(0.5, 0.95, 0.99)(duration_ns),
        uniq(user_id)
    GROUP BY tenant, minute, kind, operation, provider, model, environment
);

ALTER TABLE spans MATERIALIZE PROJECTION by_minute SETTINGS mutations_sync = 2;

ALTER TABLE answers ADD PROJECTION IF NOT EXISTS by_minute
(
    SELECT
        tenant,
        toStartOfMinute(time) AS minute,
        model,
        state,
        environment,
        count(),
        sum(input_tokens),
        sum(output_tokens),
        sum(cost),
        countIf(cost IS NULL),
        quantilesTDigest(0.5, 0.95, 0.99)(total_time_ms),
        uniq(user_id)
    GROUP BY tenant, minute, model, state, environment
);

ALTER TABLE answers MATERIALIZE PROJECTION by_minute SETTINGS mutations_sync = 2;

ALTER TABLE scores ADD PROJECTION IF NOT EXISTS by_minute
(
    SELECT
        tenant,
        toStartOfMinute(time) AS minute,
        name,
        evaluator,
        evaluator_version,
        count(),
        countIf(isFinite(value)),
        sumIf(value, isFinite(value)),
        countIf(passed AND isFinite(value))
    GROUP BY tenant, minute, name, evaluator, evaluator_version
);

ALTER TABLE scores MATERIALIZE PROJECTION by_minute SETTINGS mutations_sync = 2;
