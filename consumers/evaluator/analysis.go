package evaluator

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/ragline/ragline/consumers/evaluator/feature"
	"github.com/ragline/ragline/schemas/event"
)

// citation is a document id in square brackets: one word, so that "[sic] and [see below]" mostly stay text.
var citation = regexp.MustCompile(`\[[A-Za-z0-9][\w.:/#-]{0,99}\]`)

// analysis is what the text evaluators share: the answer with its citations blanked out.
type analysis struct {
	*feature.Analysis
	in *event.InteractionCaptured
	// foreign are cited ids that are none of the sources.
	foreign []string
}

type analysisKey struct{}

// shared computes the analysis when the first evaluator asks for it.
type shared struct {
	once sync.Once
	in   *event.InteractionCaptured
	skip string
	a    *analysis
}

func withAnalysis(ctx context.Context, in *event.InteractionCaptured, notFound string) context.Context {
	return context.WithValue(ctx, analysisKey{}, &shared{in: in, skip: notFound})
}

// analysisOf returns the shared analysis, or a fresh one when an evaluator is called on its own.
func analysisOf(ctx context.Context, in *event.InteractionCaptured, notFound string) *analysis {
	s, ok := ctx.Value(analysisKey{}).(*shared)
	if !ok || s.in != in {
		s = &shared{in: in, skip: notFound}
	}
	s.once.Do(func() { s.a = newAnalysis(in, s.skip) })
	return s.a
}

func newAnalysis(in *event.InteractionCaptured, notFound string) *analysis {
	a := &analysis{in: in}
	passages := make([]feature.Passage, len(in.GetSources()))
	ids := make(map[string]struct{}, len(passages))
	for i, s := range in.GetSources() {
		passages[i] = feature.Passage{ID: s.GetDocumentId(), Title: s.GetTitle(), Text: s.GetText()}
		ids[s.GetDocumentId()] = struct{}{}
	}
	answer := citation.ReplaceAllStringFunc(in.GetAnswer(), func(c string) string {
		if id := c[1 : len(c)-1]; !isCited(ids, id) {
			a.foreign = append(a.foreign, id)
		}
		return strings.Repeat(" ", len(c)) // byte offsets stay those of the answer
	})
	answer = blankAbstentions(answer, notFound)
	a.Analysis = feature.Analyse(feature.Input{Question: in.GetQuestion(), Answer: answer, Passages: passages})
	return a
}

// isCited also takes the number of a passage: "[2]".
func isCited(ids map[string]struct{}, id string) bool {
	if _, ok := ids[id]; ok {
		return true
	}
	return strings.Trim(id, "0123456789") == ""
}
