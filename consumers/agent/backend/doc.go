// Package backend is what package api asks of an agent: threads, states and runs over the agent's store and engine.
//
// A run of the API is a record that points at the run of the store that does its work: a question is a run of its own, an
// answer to an interrupt wakes the run that waits, as it does when it comes over Kafka.
// What a run is doing is read from the store; only its events are kept in memory, for those who watch: at most 64 MiB and for
// five minutes after the run's end. Of a run whose events are more than that, who joins late gets the newer ones.
//
// A run is started in this order, and a crash in between leaves:
//   - the record is saved as one in preparation: after a minute it reads as an error, "not accepted";
//   - the run of the store is accepted, or the answer stored: the record reads as what the store says, as if nothing happened;
//   - a run that waited for an answer, and that the new one takes the place of, is dismissed: until then the new one is queued
//     behind the question, and goes on when it is answered or when another run is started;
//   - the record is completed: until then a target that is forgotten, after the retention, reads as an error;
//   - the earlier runs that stopped at an answered question are settled: until then they read as their target does.
//
// A crash during a run leaves its events incomplete: who watches again gets what happens from then on.
// Where several processes share a store, a run may stop in another one: Sweep ends its events here.
// Multitask strategies are kept within a process; across processes they are best effort.
package backend
