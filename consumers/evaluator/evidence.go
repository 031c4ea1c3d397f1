package evaluator

import (
	"fmt"
	"strings"

	"github.com/ragline/ragline/consumers/evaluator/feature"
	"github.com/ragline/ragline/schemas/event"
)

// Verdicts on a sentence.
const (
	supported    = "supported"
	unsupported  = "unsupported"
	confirmed    = "confirmed"
	contradicted = "contradicted"
)

// supportedFrom is the share of a sentence's content words that one source sentence must have: the best cut
// of the mean overlap on the BEGIN sets, balanced accuracy .868.
const supportedFrom = 0.625

// evidence lists the sentences of the answer that have content, with the best source sentence of each.
func (a *analysis) evidence() []*event.Evidence {
	var list []*event.Evidence
	for _, s := range a.AnswerSentences() {
		if s.Content > 0 {
			list = append(list, a.evidenceOf(s))
		}
	}
	return list
}

func (a *analysis) evidenceOf(s feature.Sentence) *event.Evidence {
	terms, numbers := a.Unsupported(s)
	e := &event.Evidence{
		Sentence:           a.in.GetAnswer()[s.Start:s.End],
		Start:              int32(s.Start),
		End:                int32(s.End),
		Overlap:            s.Overlap,
		UnsupportedTerms:   terms,
		UnsupportedNumbers: numbers,
		Verdict:            unsupported,
	}
	if s.Best >= 0 {
		source := a.ContextSentence(s.Best)
		e.DocumentId = a.in.GetSources()[source.Passage].GetDocumentId()
		e.SourceSentence = source.Text
	}
	// A number that no source has is a reason of its own: one wrong digit hardly moves the overlap.
	if s.Overlap >= supportedFrom && len(numbers) == 0 {
		e.Verdict = supported
	}
	return e
}

// summary is one sentence about the evidence.
func summary(list []*event.Evidence) string {
	var worst *event.Evidence
	n := 0
	for _, e := range list {
		if e.Verdict == supported {
			n++
		} else if worst == nil || e.Overlap < worst.Overlap {
			worst = e
		}
	}
	text := fmt.Sprintf("%d of %d sentences are supported by a source", n, len(list))
	if worst == nil {
		return text + "."
	}
	missing := append(append([]string(nil), worst.UnsupportedNumbers...), worst.UnsupportedTerms...)
	if len(missing) == 0 {
		return text + fmt.Sprintf("; no source says the whole of %q.", shorten(worst.Sentence))
	}
	return text + fmt.Sprintf("; no source has %s, as in %q.", strings.Join(missing[:min(3, len(missing))], ", "), shorten(worst.Sentence))
}

func shorten(s string) string {
	const limit = 120
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}
