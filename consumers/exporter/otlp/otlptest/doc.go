// Package otlptest is an OTLP/HTTP collector that forgives nothing: what a real one would shrug at fails the test.
// Only test files may import it.
package otlptest
