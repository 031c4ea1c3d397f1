CREATE OR REPLACE VIEW model_versions
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    model LowCardinality(String) COMMENT 'Series of the model.',
    version String COMMENT 'Version within the series.',
    state String COMMENT 'Latest event: trained, packaged, evaluated, promoted, rejected, rolled_back.',
    came_true_at DateTime64(6, 'UTC') COMMENT 'Time of the latest event.',
    trained_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was trained. NULL when it was not trained here.',
    job_id String COMMENT 'Training job.',
    dataset_id String COMMENT 'Id of the dataset.',
    base_model String COMMENT 'Model that was trained further.',
    uri String COMMENT 'Where the package is.',
    sha256 String COMMENT 'SHA-256 of the package, hex.',
    quantization String COMMENT 'Quantization of the package.',
    served_name String COMMENT 'Name under which it is served.',
    incumbent String COMMENT 'Version that it was compared with.',
    scores Map(String, Float64) COMMENT 'Its mean of each measure on the held-out questions.',
    incumbent_scores Map(String, Float64) COMMENT 'The mean of each measure of the incumbent.',
    questions Int64 COMMENT 'Held-out questions.',
    reason String COMMENT 'Why it was promoted, rejected or rolled back.',
    serving Bool COMMENT 'Whether it is the one that answers.'
)
AS
SELECT
    *,
    toBool(version = argMaxIf(version, came_true_at, state = 'promoted') OVER (PARTITION BY tenant, model)) AS serving
FROM
(
    SELECT
        tenant,
        model,
        fact.1 AS version,
        argMax(fact.2, (time, _offset)) AS state,
        max(time) AS came_true_at,
        minOrNullIf(time, type = 'model.trained.v1') AS trained_at,
        anyIf(job_id, type = 'model.trained.v1') AS job_id,
        anyIf(dataset_id, type = 'model.trained.v1') AS dataset_id,
        anyIf(base_model, type = 'model.trained.v1') AS base_model,
        argMaxIf(uri, (time, _offset), type = 'model.packaged.v1') AS uri,
        argMaxIf(sha256, (time, _offset), type = 'model.packaged.v1') AS sha256,
        argMaxIf(quantization, (time, _offset), type = 'model.packaged.v1') AS quantization,
        argMaxIf(served_name, (time, _offset), served_name != '') AS served_name,
        argMaxIf(incumbent, (time, _offset), type = 'model.evaluated.v1') AS incumbent,
        argMaxIf(candidate_scores, (time, _offset), type = 'model.evaluated.v1') AS scores,
        argMaxIf(incumbent_scores, (time, _offset), type = 'model.evaluated.v1') AS incumbent_scores,
        argMaxIf(questions, (time, _offset), type = 'model.evaluated.v1') AS questions,
        argMax(reason, (time, _offset)) AS reason
    FROM
    (
        SELECT
            *,
            arrayJoin(if(
                type = 'model.rolled_back.v1',
                [(version, 'promoted'), (from_version, 'rolled_back')],
                [(version, toString(extract(type, '^model\\.(\\w+)\\.')))])) AS fact
        FROM model_events
    )
    WHERE version != ''
    GROUP BY tenant, model, version
)
ORDER BY tenant, model, came_true_at DESC, version
COMMENT 'Each version of each trained model: its state by the latest event, where it comes from, and how it did against the version that answered then.';
