// Package exporter consumes span.ended.v1, score.given.v1 and feedback.given.v1. It emits nothing but dead letters.
// It sends them to the observability backends that OBSERVABILITY_BACKEND names, each as a consumer group of its
// own, "exporter-" and the backend's name: one that is slow or away delays nobody.
//
// A record that is no event is skipped and counted; the sink stores it raw. An event that the backend itself will
// never take goes to the dead letters of the group, is acknowledged there, and the rest is sent without it. A
// backend that is away, overloaded or refuses our key holds the offsets: the log waits for it.
//
// What a crash does, by where it comes:
//   - before the request: nothing was sent. The same range is handed over again, and since nobody knows that, it is
//     asked for like the next.
//   - after the request, before its answer, or before the offset is committed: the same range is handed over again. A
//     backend that keeps one copy of each id (memory, LangFuse's ingestion API, LangSmith) is sent it again; LangFuse 4 is
//     asked what it has, until it must have shown it, and is sent the rest. An OTLP collector cannot be asked and has
//     the spans twice: delivery is at-least-once there, and its sums count the repeat.
//   - after a dead letter was acknowledged, before the commit: it is published again, with the same
//     x-orig-partition and x-orig-offset.
//
// Without a crash nothing is sent twice for a later failure: what was settled of a batch is remembered until
// all of it is. A request whose answer was lost is treated as after a crash.
package exporter
