// Package bench compares the exporters with the official Python SDKs; see BENCHMARKS.md beside it.
package bench
