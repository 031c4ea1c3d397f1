package sink

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/ragline/ragline/schemas/event"
)

func scores() table {
	type m = *event.ScoreGiven
	state := enum[event.ScoreState](event.ScoreState_name, "SCORE_STATE_")
	direction := enum[event.Direction](event.Direction_name, "DIRECTION_")
	return newTable("scores", byMonth, []column[m]{
		value("trace_id", text, m.GetTraceId),
		value("span_id", text, m.GetSpanId),
		value("name", lowCardinality, m.GetName),
		value("value", nullable(float64s), func(s m) proto.Nullable[float64] { return orNull(s.Value) }),
		value("label", lowCardinality, m.GetLabel),
		value("explanation", text, m.GetExplanation),
		value("state", lowCardinality, func(s m) string { return state(s.GetState()) }),
		value("direction", lowCardinality, func(s m) string { return direction(s.GetDirection()) }),
		value("passed", boolean, m.GetPassed),
		value("threshold", float64s, m.GetThreshold),
		value("evaluator", lowCardinality, m.GetEvaluator),
		value("evaluator_version", lowCardinality, m.GetEvaluatorVersion),
		value("calibration_version", lowCardinality, m.GetCalibrationVersion),
		value("features", mapOf(float64s), func(s m) []pair[float64] { return pairs(s.GetFeatures()) }),
		value("query_id", text, m.GetQueryId),
		value("thread_id", text, m.GetThreadId),
	}, evidenceColumns(m.GetEvidence))
}

func evidenceColumns[T any](get func(T) []*event.Evidence) []column[T] {
	type e = *event.Evidence
	return []column[T]{
		list("evidence.sentence", text, get, e.GetSentence),
		list("evidence.start", integer32, get, e.GetStart),
		list("evidence.end", integer32, get, e.GetEnd),
		list("evidence.document_id", text, get, e.GetDocumentId),
		list("evidence.source_sentence", text, get, e.GetSourceSentence),
		list("evidence.overlap", float64s, get, e.GetOverlap),
		list("evidence.unsupported_terms", texts, get, e.GetUnsupportedTerms),
		list("evidence.unsupported_numbers", texts, get, e.GetUnsupportedNumbers),
		list("evidence.verdict", lowCardinality, get, e.GetVerdict),
		list("evidence.note", text, get, e.GetNote),
	}
}
