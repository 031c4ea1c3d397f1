// Package kafka runs the laptop's Kafka broker: kfake in a process of its own.
//
// [Start] is the parent's half: it starts the program, waits until it serves and starts it again on the same
// port when it dies. [Main] is the body of that program. Everything else reaches the broker by its address, so
// production differs by KAFKA_BROKERS alone.
//
// What was acknowledged survives kill -9 of either process: every batch, offset and topic is synced before it is
// acknowledged. There is no replication, no account and no transaction; see DESIGN.md for what is refused and why.
package kafka
