// Package memory keeps the last traces in this process, with their scores and feedback: what the laptop shows
// without any backend, and what tests look at. A restart begins empty; ClickHouse has the history.
package memory
