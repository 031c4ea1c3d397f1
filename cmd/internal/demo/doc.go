// Package demo takes a knowledge pack through the whole loop: documents in, sample questions asked, answers and
// scores as they arrive, a dataset, and a summary read from ClickHouse that is checked against Kafka's offsets.
package demo
