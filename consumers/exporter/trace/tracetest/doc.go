// Package tracetest is the conformance suite of export backends, and the trace that it sends.
// Only test files may import it.
package tracetest
