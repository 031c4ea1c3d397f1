// Package term prints for people: tables, colour on terminals only, and text from the log made harmless.
// Traces are hostile input: a control sequence in a question must not reach somebody's terminal.
package term
