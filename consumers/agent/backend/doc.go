// Package backend is what package api asks of an agent: threads, states and runs over the agent's store and engine.
//
// A run of the API is a record that points at the run of the store that does its work: a question is a run of its own, an
// answer to an interrupt wakes the run that waits, as it does when it comes over Kafka.
// What a run is doing is read from the store; only its events are kept in memory, for those who watch.
//
// A crash after a run was stored and before its record was leaves a run that lists under its own id.
// A crash during a run leaves its events incomplete: who watches again gets what happens from then on.
package backend
