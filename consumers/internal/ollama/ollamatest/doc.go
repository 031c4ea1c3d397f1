// Package ollamatest is an Ollama that forgives nothing: what a real one answers with success and does wrongly, or
// dies of, fails the test. It answers like version 0.17.4, errors under the status 200 included. Start runs a real
// one, where it was built, and TinyGGUF makes a model small enough for both. Only test files may import it.
package ollamatest
