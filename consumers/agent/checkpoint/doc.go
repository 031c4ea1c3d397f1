// Package checkpoint stores what the agent must not lose: threads, accepted runs, the state after every super-step,
// the messages to publish and the receipts of tool calls.
//
// A super-step is one transaction: its checkpoint, its messages, its receipts and the new status of its run
// are all there or none is. So is an acceptance: the run, its thread, its input checkpoint and the consumed offset.
// A crash between any two lines leaves what was acknowledged and at most one change more.
// The package knows neither Kafka nor the graph: records are opaque, reducers belong to the reader.
//
// Memory forgets. SQLite is one file, and one process owns it by an exclusive lock. Postgres is for several processes:
// they lease threads, and a commit under a lease that was taken over is refused.
package checkpoint
