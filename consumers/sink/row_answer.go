package sink

import "github.com/ragline/ragline/schemas/event"

func answers() table {
	type m = *event.AnswerGiven
	return newTable("answers", byMonth, []column[m]{
		value("query_id", text, m.GetQueryId),
		value("thread_id", text, m.GetThreadId),
		value("trace_id", text, m.GetTraceId),
		value("text", text, m.GetText),
		value("success", boolean, m.GetSuccess),
		answerState(m.GetState),
		value("iterations", integer32, m.GetIterations),
		value("total_time_ms", integer64, m.GetTotalTimeMs),
		words("tools_used", m.GetToolsUsed),
		value("model", lowCardinality, m.GetModel),
		value("prompt_version", lowCardinality, m.GetPromptVersion),
		value("error", text, m.GetError),
	}, sourceColumns(m.GetSources), stepColumns(m.GetSteps), usageColumns(m.GetUsage), costColumns(m.GetCost), originColumns(m.GetOrigin))
}

func stepColumns[T any](get func(T) []*event.Step) []column[T] {
	return []column[T]{
		list("steps.index", integer32, get, (*event.Step).GetIndex),
		list("steps.node", lowCardinality, get, (*event.Step).GetNode),
		list("steps.thought", text, get, (*event.Step).GetThought),
		list("steps.tool", lowCardinality, get, (*event.Step).GetTool),
		list("steps.tool_input", text, get, (*event.Step).GetToolInput),
		list("steps.observation", text, get, (*event.Step).GetObservation),
		optionalMoments("steps.started_at", microseconds, get, (*event.Step).GetStartedAt),
		list("steps.duration_ms", integer64, get, (*event.Step).GetDurationMs),
	}
}

func answerState[T any](get func(T) event.AnswerState) column[T] {
	name := enum[event.AnswerState](event.AnswerState_name, "ANSWER_STATE_")
	return value("state", lowCardinality, func(m T) string { return name(get(m)) })
}

func answerChunks() table {
	type m = *event.AnswerChunk
	return newDailyTable("answer_chunks", "time", eventTime, []column[m]{
		value("query_id", text, m.GetQueryId),
		value("thread_id", text, m.GetThreadId),
		value("trace_id", text, m.GetTraceId),
		value("index", integer32, m.GetIndex),
		value("text", text, m.GetText),
		value("last", boolean, m.GetLast),
	})
}
