// Package retrieval finds the passages of the knowledge base that a question is about.
//
// Every worker builds its own index, in memory, by following the compacted documents topic from its start:
// the log is the truth, and an index that is lost is read again. Ranking is BM25 over English stems.
package retrieval
