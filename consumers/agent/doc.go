// Package agent answers questions.
//
// It consumes query.asked and review.decided, and where the promoted model answers, model.promoted and model.rolled_back. It emits answer.given, answer.chunk, span.ended, interaction.captured,
// review.requested, quotation.generated and enquiry.submitted.
//
// Accept, then run: the handler stores a query with its offset and returns; workers run it from the store.
// Everything that must be published once goes through the store's outbox, in the transaction of the super-step that caused it.
//
// What a crash between any two lines leaves:
//   - before the acceptance is stored: nothing; the query is delivered again.
//   - after it, before the offset is committed: the query is delivered again and recognised by its run id, which is derived from its tenant and its event id.
//   - within a super-step: the state before it; the step runs again. Its span ids and event ids are the same, and only a stored step publishes.
//   - within a tool call: an intent without a receipt. Our tools have no effect outside the store, so they run again; a tool that
//     is not idempotent waits for a person.
//   - after a super-step is stored: its messages wait in the outbox and are published at the next start.
//   - after a message is acknowledged, before that is stored: the next start reads the topics back from the last confirmed offset,
//     finds the message by its id and does not publish it again.
//   - while a run waits for a review: nothing is held; the decision is an event like any other.
//
// Answer chunks are the exception: they are published as they are written, and a repeated step repeats them.
//
// A run that has ended is forgotten after RAGLINE_AGENT_RETENTION, 30 days unless set, and a thread with its last run. A query that
// is delivered again is recognised for as long, and answered again after that; by then Kafka's own committed offsets keep it away,
// unless the group is reset to a time before.
//
// A run that comes through the server (submit.go) is stored with its query.asked in one transaction: before it there is nothing,
// after it the run is known and the query, when it comes back over Kafka, is the agent's own and left alone.
//
// One process owns a SQLite store; workers share a Postgres store by leases (crew.go). What a worker does that was taken for dead
// is refused by the store: its step runs again elsewhere. Publishing is not fenced but timed: a publisher that is paused between
// looking at its lease and writing to the socket, for longer than the lease, could still write a message twice.
// Reading back also relies on the broker having answered or dropped
// what a killed process had sent by the time that its successor reads; the store's lock and the index's catching up lie in between.
package agent
