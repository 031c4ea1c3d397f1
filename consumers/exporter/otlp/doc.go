// Package otlp sends spans, scores and feedback to any OpenTelemetry collector, as protobuf over HTTP or gRPC.
//
// A span becomes an OTel GenAI span (semantic conventions 1.41), its attributes verbatim. A score and a feedback
// become the event gen_ai.evaluation.result on the evaluated span: a log record, or where a backend takes no
// logs a span of no length.
//
// OTLP has no memory: a collector that gets a span twice has it twice. The exporter repeats a batch after a crash
// and after an answer that got lost, so this backend is at-least-once.
package otlp
