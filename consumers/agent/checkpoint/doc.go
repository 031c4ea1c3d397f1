// Package checkpoint stores what the agent must not lose: accepted runs, the state after every super-step,
// the messages to publish and the receipts of tool calls.
//
// A super-step is one transaction: its checkpoint, its messages, its receipts and the new status of its run
// are all there or none is. So is an acceptance: the run, its input checkpoint and the consumed offset.
// The package knows neither Kafka nor the graph: records are opaque, reducers belong to the reader.
//
// One process owns a store. SQLite enforces it with an exclusive lock on the file.
package checkpoint
