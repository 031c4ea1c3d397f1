package evaluator

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/schemas/event"
)

// seedInteraction gives a seed's own documents as sources.
func seedInteraction(t *testing.T, b bundle, i int) *event.InteractionCaptured {
	t.Helper()
	seed := b.pack.Seeds[i]
	in := &event.InteractionCaptured{
		TraceId: fmt.Sprintf("%032x", i+1), Question: seed.Question, Answer: seed.Answer,
		State: event.AnswerState_ANSWER_STATE_ANSWERED,
	}
	for _, id := range seed.Documents {
		raw, err := os.ReadFile(b.pack.DocumentPath(id))
		require.NoError(t, err)
		_, body, _ := strings.Cut(strings.TrimPrefix(string(raw), "---\n"), "\n---\n")
		in.Sources = append(in.Sources, &event.Source{DocumentId: id, Text: strings.TrimSpace(body)})
	}
	return in
}

// The seeds are right by construction, so they are what the evaluators must not condemn.
func TestRightSeedsAreNotCondemned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	passed, n := map[string]int{}, 0
	for i, seed := range b.pack.Seeds {
		if !seed.Answerable {
			continue
		}
		n++
		for _, s := range b.judge(t, seedInteraction(t, b, i)).scores {
			if s.GetPassed() || s.GetState() == event.ScoreState_SCORE_STATE_NOT_APPLICABLE {
				passed[s.GetName()]++
			} else {
				t.Logf("%s %s %.2f: %s", seed.ID, s.GetName(), s.GetValue(), s.GetExplanation())
			}
		}
	}
	t.Logf("%d answerable seeds, passed or not applicable: %v", n, passed)
	require.Equal(t, n, passed["domain_accuracy"])
	require.GreaterOrEqual(t, passed["hallucination"], n-2)
	require.GreaterOrEqual(t, passed["grounding"], n-2)
}

// Each seed with the answer of the next: right about something else.
func TestForeignSeedAnswersAreCaught(t *testing.T) {
	t.Parallel()
	b := setup(t)
	caught, n := map[string]int{}, 0
	for i, seed := range b.pack.Seeds {
		other := b.pack.Seeds[(i+7)%len(b.pack.Seeds)]
		if !seed.Answerable || !other.Answerable {
			continue
		}
		n++
		in := seedInteraction(t, b, i)
		in.Answer = other.Answer
		for _, s := range b.judge(t, in).scores {
			if s.Value != nil && !s.GetPassed() {
				caught[s.GetName()]++
			}
		}
	}
	t.Logf("%d foreign answers, caught: %v", n, caught)
	require.GreaterOrEqual(t, caught["hallucination"], n-2)
	require.GreaterOrEqual(t, caught["relevance"], n*2/3)
}
