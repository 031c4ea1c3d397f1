package promoter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/ollama"
)

func values(list ...float64) []*float64 {
	out := make([]*float64, len(list))
	for i := range list {
		if list[i] >= 0 {
			out[i] = &list[i]
		}
	}
	return out
}

func only(measure string, list ...float64) results { return results{measure: values(list...)} }

func TestRowsWithoutAValueOnOneSideAreLeftOut(t *testing.T) {
	t.Parallel()
	none := float64(-1)
	c := compare(only("grounding", .9, none, .1), only("grounding", .8, .2, none), "a", "b")
	require.Equal(t, map[string]float64{"grounding": .9}, c.candidate)
	require.Equal(t, map[string]float64{"grounding": .8}, c.incumbent)
}

func TestTieLossAndNoise(t *testing.T) {
	t.Parallel()
	cfg := Config{NotWorse: .2, MaxLoss: .05}
	for _, c := range []struct {
		name                 string
		candidate, incumbent []float64
		promoted             bool
	}{
		{"a tie", []float64{.9, .3, .7}, []float64{.9, .3, .7}, true},
		{"a win", []float64{.9, .9, .9}, []float64{.8, .7, .9}, true},
		{"a small loss everywhere", []float64{.88, .78, .68}, []float64{.9, .8, .7}, false},
		{"noise both ways", []float64{.90, .80, .71, .60}, []float64{.91, .79, .70, .61}, true},
		{"a loss beyond the bound that noise would excuse", []float64{1, 1, 0, 0}, []float64{1, 1, 1, 0}, false},
	} {
		out := compare(only("relevance", c.candidate...), only("relevance", c.incumbent...), "a", "b")
		require.Equal(t, c.promoted, out.verdict(cfg) == nil, "%s: %v", c.name, out)
	}
}

func TestSameRowsGiveTheSameShare(t *testing.T) {
	t.Parallel()
	a, b := []float64{.1, .5, .9, .4}, []float64{.2, .4, .8, .6}
	share := bootstrap(a, b, seedOf("x"))
	require.InDelta(t, share, bootstrap(a, b, seedOf("x")), 0)
	require.Greater(t, share, .05)
	require.Less(t, share, .95)
}

func TestNothingJudgedIsNoPromotion(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, compare(only("grounding", -1), nil).verdict(Config{}), "nothing_to_compare")
}

func TestQuestionAndPassagesAreReadFromAPrompt(t *testing.T) {
	t.Parallel()
	var r row
	r.Messages = append(r.Messages, ollama.Message{Role: "user", Content: "Context:\n[doc-a] Rings and [x]\nTwo lines\nof text.\n\n[doc-b] \nMore.\n\nQuestion: Why?"}, ollama.Message{Role: "assistant", Content: "So."})
	question, sources := r.grounded()
	require.Equal(t, "Why?", question)
	require.Len(t, sources, 2)
	require.Equal(t, "Two lines\nof text.", sources[0].GetText())
	require.Equal(t, "Rings and [x]", sources[0].GetTitle())
	require.Equal(t, "doc-b", sources[1].GetDocumentId())
	r.Messages[0].Content = "Question: Without context?"
	question, sources = r.grounded()
	require.Equal(t, "Without context?", question)
	require.Empty(t, sources)
}
