package sink

import "github.com/ragline/ragline/schemas/event"

func interactions() table {
	type m = *event.InteractionCaptured
	return newTable("interactions", byMonth, []column[m]{
		value("trace_id", text, m.GetTraceId),
		value("query_id", text, m.GetQueryId),
		value("thread_id", text, m.GetThreadId),
		value("question", text, m.GetQuestion),
		value("answer", text, m.GetAnswer),
		value("model", lowCardinality, m.GetModel),
		value("prompt_name", lowCardinality, m.GetPromptName),
		value("prompt_version", lowCardinality, m.GetPromptVersion),
		answerState(m.GetState),
		words("tools_used", m.GetToolsUsed),
		value("latency_ms", integer64, m.GetLatencyMs),
		value("reference_answer", text, m.GetReferenceAnswer),
		value("self_trained_model", boolean, m.GetSelfTrainedModel),
	}, sourceColumns(m.GetSources), usageColumns(m.GetUsage), costColumns(m.GetCost), originColumns(m.GetOrigin))
}
