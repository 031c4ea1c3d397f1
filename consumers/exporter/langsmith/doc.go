// Package langsmith sends spans as runs, and scores and feedback, to LangSmith.
//
// Ids are functions of the span's, so a repeat is the same run: LangSmith answers 409 to it, or overwrites. What is in
// doubt is asked for all the same, because one known run makes it refuse the whole request.
//
// A run names all its ancestors in its dotted_order, while a span ends before its parent does. The exporter finds
// the ancestors in the log and waits for those that have not ended, for Config.Hold at most; then the outermost that
// is known becomes the root of a trace of its own, with "orphan" in its metadata.
package langsmith
