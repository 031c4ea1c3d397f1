package sink

import "github.com/ragline/ragline/schemas/event"

func queries() table {
	type m = *event.QueryAsked
	return newTable("queries", byMonth, []column[m]{
		value("text", text, m.GetText),
		value("thread_id", text, m.GetThreadId),
		value("max_steps", integer32, m.GetMaxSteps),
		value("metadata", mapOf(text), func(q m) []pair[string] { return pairs(q.GetMetadata()) }),
	}, originColumns(m.GetOrigin))
}
