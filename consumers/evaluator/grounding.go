package evaluator

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

const groundingVersion = "grounding-2026.11.1"

// grounding is how much of the answer, sentence by sentence, one source sentence supports.
type grounding struct{ abstention *abstention }

func newGrounding(a *abstention) *grounding { return &grounding{abstention: a} }

// Name of the score. 1 is fully grounded.
func (g *grounding) Name() string { return "grounding" }

// Version of the rule.
func (g *grounding) Version() string { return groundingVersion }

// Evaluate is the mean over the sentences of the answer of their overlap with the best source sentence.
// A sentence with a number that no source has counts for at most half: its words prove nothing about it.
func (g *grounding) Evaluate(ctx context.Context, in *event.InteractionCaptured) (Result, error) {
	if r, ok := unjudged(in); ok {
		return r, nil
	}
	a := analysisOf(ctx, in, g.abstention.notFound)
	if g.abstention.abstains(in, a) {
		return g.abstention.result(a, supportedFrom, true), nil
	}
	if !a.HasContext() {
		return noContext(supportedFrom), nil
	}
	evidence := a.evidence()
	if len(evidence) == 0 {
		return Result{
			State: event.ScoreState_SCORE_STATE_NOT_APPLICABLE, Threshold: supportedFrom,
			Label: "no statement", Explanation: "The answer has no statement that a source could support.",
		}, nil
	}
	value := 0.0
	for _, e := range evidence {
		overlap := e.Overlap
		if len(e.UnsupportedNumbers) > 0 {
			overlap = min(overlap, 0.5)
		}
		value += overlap / float64(len(evidence))
	}
	r := Result{
		State:       event.ScoreState_SCORE_STATE_OK,
		Value:       &value,
		Threshold:   supportedFrom,
		Label:       "grounded",
		Explanation: g.explain(evidence, a.foreign),
		Evidence:    evidence,
		Features:    map[string]float64{"sentences": float64(len(evidence)), "foreign_citations": float64(len(a.foreign))},
	}
	if !r.Passed() {
		r.Label = "ungrounded"
	}
	return r, nil
}

// explain also names citations of documents that were not retrieved.
func (g *grounding) explain(evidence []*event.Evidence, foreign []string) string {
	text := summary(evidence)
	if len(foreign) == 0 {
		return text
	}
	return strings.TrimSuffix(text, ".") + fmt.Sprintf("; it cites %s, which was not among the sources.", strings.Join(foreign, ", "))
}
