CREATE OR REPLACE VIEW training_runs
(
    tenant LowCardinality(String) COMMENT 'Owner of the events.',
    job_id String COMMENT 'Training job.',
    state String COMMENT 'Latest event: started, progressed, finished, failed, blocked.',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it started. NULL when the start is not in the log.',
    last_time DateTime64(6, 'UTC') COMMENT 'Time of the latest event.',
    dataset_id String COMMENT 'Id of the dataset.',
    method String COMMENT 'lora, qlora, dora or qdora.',
    base_model String COMMENT 'Model that was trained further.',
    steps Int64 COMMENT 'Steps done.',
    total_steps Int64 COMMENT 'Steps in all.',
    last_loss Nullable(Float64) COMMENT 'Loss of the latest step.',
    train_loss Nullable(Float64) COMMENT 'Loss at the end.',
    eval_loss Nullable(Float64) COMMENT 'Loss on the held-out split at the end.',
    peak_vram_bytes Int64 COMMENT 'Highest use of GPU memory.',
    seconds Int64 COMMENT 'Duration of the finished job.',
    reason String COMMENT 'Why it failed or is blocked.',
    adapter_uri String COMMENT 'Where the adapter is.'
)
AS
SELECT
    tenant,
    job_id,
    argMax(replaceOne(replaceOne(type, 'training.', ''), '.v1', ''), (time, _offset)) AS state,
    minOrNullIf(time, type = 'training.started.v1') AS started_at,
    max(time) AS last_time,
    anyIf(dataset_id, type = 'training.started.v1') AS dataset_id,
    anyIf(method, type = 'training.started.v1') AS method,
    anyIf(base_model, type = 'training.started.v1') AS base_model,
    maxIf(step, type = 'training.progressed.v1') AS steps,
    maxIf(total_steps, type = 'training.progressed.v1') AS total_steps,
    argMaxIf(loss, (time, _offset), type = 'training.progressed.v1') AS last_loss,
    argMaxIf(train_loss, (time, _offset), type = 'training.finished.v1') AS train_loss,
    argMaxIf(eval_loss, (time, _offset), type = 'training.finished.v1') AS eval_loss,
    maxIf(vram_bytes, type = 'training.progressed.v1') AS peak_vram_bytes,
    maxIf(seconds, type = 'training.finished.v1') AS seconds,
    argMax(reason, (time, _offset)) AS reason,
    argMax(adapter_uri, (time, _offset)) AS adapter_uri
FROM training_events
GROUP BY tenant, job_id
ORDER BY last_time DESC, job_id
COMMENT 'Each training job and how far it came, the latest first.';
