package sink

import "github.com/ragline/ragline/schemas/event"

func feedback() table {
	type m = *event.FeedbackGiven
	return newTable("feedback", byMonth, []column[m]{
		value("trace_id", text, m.GetTraceId),
		value("query_id", text, m.GetQueryId),
		value("thread_id", text, m.GetThreadId),
		value("value", float64s, m.GetValue),
		value("comment", text, m.GetComment),
		value("corrected_answer", text, m.GetCorrectedAnswer),
		value("channel", lowCardinality, m.GetChannel),
	}, originColumns(m.GetOrigin))
}
