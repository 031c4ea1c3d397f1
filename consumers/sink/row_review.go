package sink

import "github.com/ragline/ragline/schemas/event"

func reviewRequests() table {
	type m = *event.ReviewRequested
	return newTable("review_requests", byMonth, []column[m]{
		value("review_id", text, m.GetReviewId),
		value("thread_id", text, m.GetThreadId),
		value("query_id", text, m.GetQueryId),
		value("trace_id", text, m.GetTraceId),
		value("question", text, m.GetQuestion),
		value("tool", lowCardinality, m.GetTool),
		value("arguments", text, m.GetArguments),
		value("description", text, m.GetDescription),
		words("allowed_decisions", m.GetAllowedDecisions),
		optionalMoment("expires_at", microseconds, m.GetExpiresAt),
	}, originColumns(m.GetOrigin))
}

func reviewDecisions() table {
	type m = *event.ReviewDecided
	decision := enum[event.Decision](event.Decision_name, "DECISION_")
	return newTable("review_decisions", byMonth, []column[m]{
		value("review_id", text, m.GetReviewId),
		value("thread_id", text, m.GetThreadId),
		value("decision", lowCardinality, func(r m) string { return decision(r.GetDecision()) }),
		value("arguments", text, m.GetArguments),
		value("comment", text, m.GetComment),
		value("reviewer", lowCardinality, m.GetReviewer),
	})
}
