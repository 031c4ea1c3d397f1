// Package graph runs durable state graphs with LangGraph's semantics.
//
// A graph has keys with reducers, nodes and edges. A run goes in super-steps: the nodes of a step run in parallel on one
// snapshot of the state, their writes are reduced in the order of the tasks, and the result is a checkpoint.
// A node may interrupt the run with a question; the run then ends without a slot and goes on when the answer is stored.
// On resume the node runs again from its start, and its k-th Interrupt returns the k-th answer.
//
// A crash between any two lines leaves the thread at its last checkpoint, with the writes of those tasks of the next super-step
// that have finished, and the questions that were asked. Running the same request again goes on from there: what is stored does
// not run again, what is not does, with Task.Recovered set if the caller says so. The end of a run is stored with its last
// super-step, its messages and receipts with the commit of the task that made them. Nothing else is kept anywhere.
//
// The package knows no Kafka and no events: a node returns notes, and the owner's hook turns them into messages of the same commit.
package graph
