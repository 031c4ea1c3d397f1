// Package promoter decides which trained model answers. It consumes model.packaged, and of its own questions
// interaction.captured and score.given. It emits interaction.captured and span.ended of these questions (environment
// gate), model.evaluated, and model.promoted or model.rejected.
//
// Candidate and incumbent answer the held-out Gold questions of the dataset through the artefact that serves, the
// evaluator judges as it judges every answer, and the two are compared row by row.
//
// There is no store and no consumer group: the log is read from its start once there is a candidate, and the ids of traces and events are derived
// from model, version, file and row. What a crash between any two lines leaves:
//   - before a question is answered: nothing; it is asked again.
//   - after its span is published, before its interaction is: a span. The question is asked again, and the same ids make
//     the second span a repeat.
//   - after the interaction: an answer that is found in the log and not asked for again. Its scores are, too, whether the
//     evaluator had given them by then or not.
//   - between model.evaluated and the decision: a verdict without a decision. The start after it computes both again from
//     the same scores, under the same ids.
//   - between model.promoted and the tag in Ollama: a tag that is behind. It is set after every start; what answers is
//     decided by the log and not by the tag.
package promoter
