// Package bench compares the agent's graph engine with LangGraph in Python and in JavaScript: the same stub-model loop, the same
// SQLite PRAGMAs, one after the other on the same machine. `make bench-agent` runs it; BENCHMARKS.md of the agent has results.
package bench
