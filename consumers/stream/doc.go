// Package stream is the runtime that every consumer shares: it consumes the records of topics as a member of a
// consumer group. It emits what its handler emits, ragline.dlq.<group>, the records that the handler gave up, and
// ragline.spans, how some of the events were processed.
//
// # Consumer
//
// A Consumer decodes each record and calls a Handler. It promises:
//
//   - Events with the same key of the same partition are handled in order, one at a time. Other keys go on
//     meanwhile, over the slots. A record that waits for its retry holds its key, not a slot.
//   - A record is done when its handler returned nil and everything it emitted is acknowledged, or when its dead
//     letter is. The committed offset is the one below which every record is done, and never passes another.
//   - A record that is no event, or that Drop was returned for, is a dead letter at once; one that fails is after
//     RAGLINE_STREAM_MAX_ATTEMPTS tries. A panic is a failure. A type of a newer version is skipped. What is too large for
//     a dead letter is left out of it; it stays in its topic.
//   - What a Kafka that is away cannot take is published when it is back. Nothing is dropped for its sake.
//   - Memory is bounded: a partition with RAGLINE_STREAM_MAX_GAP records under way is paused, and all are when the
//     consumers of the process hold RAGLINE_STREAM_BUDGET_BYTES together (Budget). Three quarters of it are for whoever
//     needs them; of the last each consumer has its part, so that one which is stuck does not stop the others.
//
// The share RAGLINE_STREAM_TRACE_SAMPLE of the events gets a span "process <topic>", from the first attempt until all
// that was emitted, or the dead letter, is acknowledged. It is a child of the event's traceparent, or a trace of its
// own, and is published before the commit. Events of ragline.spans have none. A span that cannot be published within a
// fifth of RAGLINE_STREAM_SHUTDOWN_TIMEOUT, 5 s at most, is lost; it never makes its record fail.
//
// What happens on a crash (or kill -9) between any two steps for one record:
//
//   - fetched, not handled: it is fetched again.
//   - handled, nothing published: it is handled again. Handle must be a function of its event, or remember.
//   - some or all published, not acknowledged or not committed: it is handled again and publishes again, with the
//     same ids, so that readers recognise the repeat.
//   - all published, the span not: it is handled again, and its span counts the attempts from one again.
//   - dead letter acknowledged, not committed: there is a second, equal dead letter of the same original position.
//   - committed: it is over.
//
// # BatchConsumer
//
// A BatchConsumer hands ranges of one partition to a BatchHandler. Steps for each batch [N, M): the commit of offset
// N with the metadata "v1;to=M", which announces it and acknowledges all below; the handler, tried until it succeeds;
// then the next announcement, or "v1" at M when nothing follows. On a crash
//
//   - before the announcement: the records are read again, in whatever batches.
//   - after it, before or during or after the handler: the next owner reads exactly [N, M) and hands it over with
//     Replayed set. A handler that keys its effect by the range has it exactly once.
//   - after the next announcement: it is over.
//
// # Rebalance and shutdown
//
// When a partition is revoked nothing more of it starts; running handlers may finish within a part of
// RAGLINE_STREAM_SHUTDOWN_TIMEOUT, then their context ends; what is done is committed; then the group moves on. A
// result that comes later changes nothing. When the session is lost the context ends at once and nothing is committed.
// Shutdown is the revoke of everything.
package stream
