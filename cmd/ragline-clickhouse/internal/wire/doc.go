// Package wire holds the bytes of ClickHouse's HTTP interface that need no engine:
// compressed frames, content encodings, the hello block, exceptions and their status.
package wire
