// Package gateway is ragline over HTTP: questions in, answers out (waited for, streamed as server-sent events, or
// fetched later), feedback, documents, review decisions, and any other event of an application as JSON. It also takes
// OTLP, the protocol of OpenTelemetry, over HTTP at /v1/traces and /v1/logs and over gRPC at an address of its own.
//
// A crash loses no accepted event: every response with a success status is sent after the acks of Kafka. An OTLP request
// that a crash cuts off has no response, and some of its spans may be on the log: the exporter sends it again, and its
// spans have the same ids. What package otlp makes of a trace comes from one request, so that nothing is lost with the
// process.
//
// The routes are described by the OpenAPI document that it serves at /openapi.json.
package gateway
