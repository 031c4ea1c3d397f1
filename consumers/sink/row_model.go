package sink

import protobuf "google.golang.org/protobuf/proto"

// modelEvents holds the six types of the topic models; each has some of the columns.
func modelEvents() table {
	return newTable("model_events", byMonth, []column[protobuf.Message]{
		typeColumn[protobuf.Message](),
		value("model", lowCardinality, field(func(m interface{ GetModel() string }) string { return m.GetModel() })),
		value("version", text, field(func(m interface{ GetVersion() string }) string { return m.GetVersion() })),
		value("job_id", text, field(func(m interface{ GetJobId() string }) string { return m.GetJobId() })),
		value("dataset_id", text, field(func(m interface{ GetDatasetId() string }) string { return m.GetDatasetId() })),
		value("base_model", lowCardinality, field(func(m interface{ GetBaseModel() string }) string { return m.GetBaseModel() })),
		value("adapter_uri", text, field(func(m interface{ GetAdapterUri() string }) string { return m.GetAdapterUri() })),
		value("uri", text, field(func(m interface{ GetUri() string }) string { return m.GetUri() })),
		value("sha256", text, field(func(m interface{ GetSha256() string }) string { return m.GetSha256() })),
		value("quantization", lowCardinality, field(func(m interface{ GetQuantization() string }) string { return m.GetQuantization() })),
		value("served_name", lowCardinality, field(func(m interface{ GetServedName() string }) string { return m.GetServedName() })),
		value("incumbent", text, field(func(m interface{ GetIncumbent() string }) string { return m.GetIncumbent() })),
		value("candidate_scores", mapOf(float64s), field(func(m interface{ GetCandidateScores() map[string]float64 }) []pair[float64] {
			return pairs(m.GetCandidateScores())
		})),
		value("incumbent_scores", mapOf(float64s), field(func(m interface{ GetIncumbentScores() map[string]float64 }) []pair[float64] {
			return pairs(m.GetIncumbentScores())
		})),
		value("questions", integer64, field(func(m interface{ GetQuestions() int64 }) int64 { return m.GetQuestions() })),
		value("reason", text, field(func(m interface{ GetReason() string }) string { return m.GetReason() })),
		value("from_version", text, field(func(m interface{ GetFromVersion() string }) string { return m.GetFromVersion() })),
		value("method", lowCardinality, field(func(m interface{ GetMethod() string }) string { return m.GetMethod() })),
		value("adapter_sha256", text, field(func(m interface{ GetAdapterSha256() string }) string { return m.GetAdapterSha256() })),
		value("dataset_uri", text, field(func(m interface{ GetDatasetUri() string }) string { return m.GetDatasetUri() })),
		value("manifest_sha256", text, field(func(m interface{ GetManifestSha256() string }) string { return m.GetManifestSha256() })),
		value("merge_base", lowCardinality, field(func(m interface{ GetMergeBase() string }) string { return m.GetMergeBase() })),
		value("template_sha256", text, field(func(m interface{ GetTemplateSha256() string }) string { return m.GetTemplateSha256() })),
		value("bytes", integer64, field(func(m interface{ GetBytes() int64 }) int64 { return m.GetBytes() })),
		value("parity_prompts", integer64, field(func(m interface{ GetParityPrompts() int64 }) int64 { return m.GetParityPrompts() })),
		value("heldout_sha256", text, field(func(m interface{ GetHeldoutSha256() string }) string { return m.GetHeldoutSha256() })),
		value("not_worse", mapOf(float64s), field(func(m interface{ GetNotWorse() map[string]float64 }) []pair[float64] {
			return pairs(m.GetNotWorse())
		})),
		value("stage", lowCardinality, field(func(m interface{ GetStage() string }) string { return m.GetStage() })),
		value("message", text, field(func(m interface{ GetMessage() string }) string { return m.GetMessage() })),
	})
}
