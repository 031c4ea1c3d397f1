// Package extractive is a model without a model: it answers by quoting.
//
// It runs the same ReAct loop as a language model: it picks a tool, reads the observation, and then either quotes the
// one to four sentences that cover the question best, each with its document id, or says that the knowledge base does
// not answer. It is deterministic, needs no key and takes microseconds.
//
// What it cannot do: reason across sentences, count, translate, or notice that a sentence shares the question's words
// without answering it. DESIGN.md has its figures.
package extractive
