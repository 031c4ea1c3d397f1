ALTER TABLE training_events
    ADD COLUMN IF NOT EXISTS engine LowCardinality(String) COMMENT 'What runs the job: local or kubeflow (started).' AFTER command,
    ADD COLUMN IF NOT EXISTS device LowCardinality(String) COMMENT 'What computes: cpu, or the name of the GPU (started).' AFTER engine,
    ADD COLUMN IF NOT EXISTS resumed_from_step Int64 COMMENT 'Step of the checkpoint that it goes on from, 0 for a beginning (started).' AFTER device,
    ADD COLUMN IF NOT EXISTS adapter_sha256 String COMMENT 'SHA-256 of the adapter, hex (finished).' AFTER resumed_from_step,
    ADD COLUMN IF NOT EXISTS tokens Int64 COMMENT 'Tokens that were trained on, without padding (finished).' AFTER adapter_sha256,
    ADD COLUMN IF NOT EXISTS rows_truncated Int64 COMMENT 'Rows that lost text because they are too long (finished).' AFTER tokens,
    ADD COLUMN IF NOT EXISTS rows_dropped Int64 COMMENT 'Rows that were left out because they are too long (finished).' AFTER rows_truncated;

ALTER TABLE model_events
    ADD COLUMN IF NOT EXISTS method LowCardinality(String) COMMENT 'Method of training: lora, qlora, dora or qdora (trained).' AFTER from_version,
    ADD COLUMN IF NOT EXISTS adapter_sha256 String COMMENT 'SHA-256 of the adapter, hex (trained).' AFTER method,
    ADD COLUMN IF NOT EXISTS dataset_uri String COMMENT 'Folder or bucket of the dataset (trained).' AFTER adapter_sha256,
    ADD COLUMN IF NOT EXISTS manifest_sha256 String COMMENT 'SHA-256 of the manifest of the dataset, hex (trained).' AFTER dataset_uri,
    ADD COLUMN IF NOT EXISTS merge_base LowCardinality(String) COMMENT 'Weights that the adapter was merged into: original or nf4-roundtrip (packaged).' AFTER manifest_sha256,
    ADD COLUMN IF NOT EXISTS template_sha256 String COMMENT 'SHA-256 of the chat template, hex (packaged).' AFTER merge_base,
    ADD COLUMN IF NOT EXISTS bytes Int64 COMMENT 'Size of the file (packaged).' AFTER template_sha256,
    ADD COLUMN IF NOT EXISTS parity_prompts Int64 COMMENT 'Prompts that the server renders as in training, byte for byte (packaged).' AFTER bytes,
    ADD COLUMN IF NOT EXISTS heldout_sha256 String COMMENT 'SHA-256 of the held-out rows, hex (evaluated).' AFTER parity_prompts,
    ADD COLUMN IF NOT EXISTS not_worse Map(LowCardinality(String), Float64) COMMENT 'Share of paired bootstrap samples in which the version is at least as good as the incumbent, for each score (evaluated).' AFTER heldout_sha256,
    ADD COLUMN IF NOT EXISTS stage LowCardinality(String) COMMENT 'Who rejected it: packager or promoter (rejected).' AFTER not_worse,
    ADD COLUMN IF NOT EXISTS message String COMMENT 'What was found, and what to do about it (rejected).' AFTER stage;
