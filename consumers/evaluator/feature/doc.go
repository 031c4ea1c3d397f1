// Package feature turns a question, an answer and the passages behind it into numbers:
// 24 lexical and structural features of the answer, the support of each of its sentences,
// and the smaller vectors for answerability and relevance. It needs no model and keeps no state.
//
// All offsets are bytes of the UTF-8 text that was passed in, end exclusive.
package feature
