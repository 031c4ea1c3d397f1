// Package enginetest gives a test a real ClickHouse engine of its own, or skips the test and says why.
package enginetest
