// Package streamtest is the test kit of the consumers: a fake broker with the catalogue's topics and injected
// faults, a handler that records, and readers of whole topics. Only test files may import it.
package streamtest
