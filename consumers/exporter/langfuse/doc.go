// Package langfuse sends spans, scores and feedback to LangFuse.
//
// In mode otlp (v3.22 and later, v4, cloud) a span is an OTLP span with LangFuse's own attributes, complete and sent
// once: v4 keeps every copy and adds up their costs. It can be asked what it has, so a crash or an answer that was lost
// repeats nothing that it shows within Config.Shows. In mode legacy (v2, v3) spans go through the ingestion API, which
// keeps one copy of each id: a repeat changes nothing there.
//
// A score goes to POST /api/public/scores, or as score-create through the ingestion API where its original time
// matters. Ids are functions of the event, so that a repeat overwrites.
package langfuse
