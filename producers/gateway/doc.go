// Package gateway is ragline over HTTP: questions in, answers out (waited for, streamed as server-sent events, or
// fetched later), feedback, documents, review decisions, and any other event of an application as JSON.
//
// A crash loses no accepted event: every response with a success status is sent after the acks of Kafka.
// The routes are described by the OpenAPI document that it serves at /openapi.json.
package gateway
