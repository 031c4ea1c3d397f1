// Package evaluator judges answers. It consumes interaction.captured. It emits score.given, one for each
// evaluator, whatever its outcome.
//
// Crash between any two lines: nothing leaves before all evaluators have spoken, and the offset is committed
// only after the broker has acknowledged the scores. A crash before the publish repeats the evaluation, which
// is a function of the event and so gives the same scores. A crash between publish and commit publishes the
// same scores again, with the same event ids (derived from the interaction and the position in the list of
// evaluators): readers see repeats, not new scores. The package keeps nothing between events.
//
// All built-in scores point the same way: higher is better. The value of hallucination is the probability
// that the answer is free of it.
package evaluator
