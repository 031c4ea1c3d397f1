// Package genai turns spans, scores and feedback into OTLP: OTel GenAI spans (semantic conventions 1.41) and
// gen_ai.evaluation.result. Every backend that takes OTLP sends what it makes, with attributes of its own added.
package genai
