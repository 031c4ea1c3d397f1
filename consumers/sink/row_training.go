package sink

import protobuf "google.golang.org/protobuf/proto"

// trainingEvents holds the five types of the topic training; each has some of the columns.
func trainingEvents() table {
	return newTable("training_events", byMonth, []column[protobuf.Message]{
		typeColumn[protobuf.Message](),
		value("job_id", text, field(func(m interface{ GetJobId() string }) string { return m.GetJobId() })),
		value("dataset_id", text, field(func(m interface{ GetDatasetId() string }) string { return m.GetDatasetId() })),
		value("method", lowCardinality, field(func(m interface{ GetMethod() string }) string { return m.GetMethod() })),
		value("base_model", lowCardinality, field(func(m interface{ GetBaseModel() string }) string { return m.GetBaseModel() })),
		value("config_json", text, field(func(m interface{ GetConfigJson() string }) string { return m.GetConfigJson() })),
		value("estimated_vram_bytes", integer64, field(func(m interface{ GetEstimatedVramBytes() int64 }) int64 { return m.GetEstimatedVramBytes() })),
		value("estimated_seconds", integer64, field(func(m interface{ GetEstimatedSeconds() int64 }) int64 { return m.GetEstimatedSeconds() })),
		value("step", integer64, field(func(m interface{ GetStep() int64 }) int64 { return m.GetStep() })),
		value("total_steps", integer64, field(func(m interface{ GetTotalSteps() int64 }) int64 { return m.GetTotalSteps() })),
		value("loss", nullable(float64s), fieldOrNull(func(m interface{ GetLoss() float64 }) float64 { return m.GetLoss() })),
		value("learning_rate", nullable(float64s), fieldOrNull(func(m interface{ GetLearningRate() float64 }) float64 { return m.GetLearningRate() })),
		value("tokens_per_second", nullable(float64s), fieldOrNull(func(m interface{ GetTokensPerSecond() float64 }) float64 { return m.GetTokensPerSecond() })),
		value("vram_bytes", integer64, field(func(m interface{ GetVramBytes() int64 }) int64 { return m.GetVramBytes() })),
		value("eta_seconds", integer64, field(func(m interface{ GetEtaSeconds() int64 }) int64 { return m.GetEtaSeconds() })),
		value("adapter_uri", text, field(func(m interface{ GetAdapterUri() string }) string { return m.GetAdapterUri() })),
		value("train_loss", nullable(float64s), fieldOrNull(func(m interface{ GetTrainLoss() float64 }) float64 { return m.GetTrainLoss() })),
		value("eval_loss", nullable(float64s), fieldOrNull(func(m interface{ GetEvalLoss() float64 }) float64 { return m.GetEvalLoss() })),
		value("seconds", integer64, field(func(m interface{ GetSeconds() int64 }) int64 { return m.GetSeconds() })),
		value("reason", text, field(func(m interface{ GetReason() string }) string { return m.GetReason() })),
		value("message", text, field(func(m interface{ GetMessage() string }) string { return m.GetMessage() })),
		value("command", text, field(func(m interface{ GetCommand() string }) string { return m.GetCommand() })),
		value("engine", lowCardinality, field(func(m interface{ GetEngine() string }) string { return m.GetEngine() })),
		value("device", lowCardinality, field(func(m interface{ GetDevice() string }) string { return m.GetDevice() })),
		value("resumed_from_step", integer64, field(func(m interface{ GetResumedFromStep() int64 }) int64 { return m.GetResumedFromStep() })),
		value("adapter_sha256", text, field(func(m interface{ GetAdapterSha256() string }) string { return m.GetAdapterSha256() })),
		value("tokens", integer64, field(func(m interface{ GetTokens() int64 }) int64 { return m.GetTokens() })),
		value("rows_truncated", integer64, field(func(m interface{ GetRowsTruncated() int64 }) int64 { return m.GetRowsTruncated() })),
		value("rows_dropped", integer64, field(func(m interface{ GetRowsDropped() int64 }) int64 { return m.GetRowsDropped() })),
	})
}
