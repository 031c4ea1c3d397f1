// Package exporter consumes span.ended.v1, score.given.v1 and feedback.given.v1. It emits nothing but dead letters.
// It sends them to the observability backends that OBSERVABILITY_BACKEND names, each as a consumer group of its
// own, "exporter-" and the backend's name: one that is slow or away delays nobody.
//
// A record that is no event is skipped and counted; the sink stores it raw. An event that the backend itself will
// never take goes to the dead letters of the group, is acknowledged there, and the rest is sent without it. A
// backend that is away, overloaded or refuses our key holds the offsets: the log waits for it.
//
// What a crash does, by where it comes:
//   - before the request: nothing was sent; the same range is handed over again.
//   - after the request, before its answer, or before the offset is committed: the same range is sent again. A
//     backend that keeps one copy of each id (memory) sees no difference; an OTLP collector has the spans twice.
//     Delivery is at-least-once there, and a collector's sums count the repeat. Asking the backend what has
//     arrived makes it effectively-once where a backend can be asked; OTLP cannot.
//   - after a dead letter was acknowledged, before the commit: it is published again, with the same
//     x-orig-partition and x-orig-offset.
//
// Without a crash nothing is sent twice for a later failure: what was settled of a batch is remembered until
// all of it is. Only a request whose answer was lost is repeated.
package exporter
