// Package langsmithtest is a LangSmith that forgives nothing: what a real one shrugs at fails the test.
// Only test files may import it.
package langsmithtest
