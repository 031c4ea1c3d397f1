package retrieval_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/retrieval"
)

func setup(t *testing.T, docs ...retrieval.Document) *retrieval.Index {
	t.Helper()
	x, err := retrieval.NewIndex()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	for _, d := range docs {
		require.NoError(t, x.Put(d))
	}
	require.NoError(t, x.Flush())
	return x
}

func found(t *testing.T, x *retrieval.Index, query string) []string {
	t.Helper()
	list, err := x.Search(t.Context(), query, 10)
	require.NoError(t, err)
	out := []string{}
	for _, p := range list {
		out = append(out, p.DocumentID)
	}
	return out
}

func TestSearchMatchesStemsAndTitles(t *testing.T) {
	t.Parallel()
	x := setup(t,
		retrieval.Document{ID: "a", Title: "Pumps", Text: "Rings are staggered."},
		retrieval.Document{ID: "b", Title: "Valves", Text: "Stems rise."})
	require.Equal(t, []string{"a"}, found(t, x, "pump"))
	require.Equal(t, []string{"b"}, found(t, x, "rising stem of a valve"))
	require.Empty(t, found(t, x, "the of"))
}

func TestChangedDocumentReplacesAllItsPassages(t *testing.T) {
	t.Parallel()
	x := setup(t, retrieval.Document{ID: "a", Text: "# One\n\nalpha\n\n# Two\n\nbeta"})
	require.NoError(t, x.Put(retrieval.Document{ID: "a", Text: "gamma"}))
	require.NoError(t, x.Flush())
	require.Empty(t, found(t, x, "beta"))
	require.Equal(t, []string{"a"}, found(t, x, "gamma"))
	require.Equal(t, 1, x.Len())
	require.NoError(t, x.Delete("a"))
	require.NoError(t, x.Delete("a"))
	require.NoError(t, x.Flush())
	require.Empty(t, found(t, x, "gamma"))
	require.Zero(t, x.Len())
}

func TestDocumentIsCutAtHeadingsAndLongSections(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 150)
	x := setup(t, retrieval.Document{ID: "a", Title: "T", Text: "# T\n\nintro\n## Part\n" + long + "\n\n" + long + "\n\nend needle"})
	list, err := x.Search(t.Context(), "needle", 1)
	require.NoError(t, err)
	require.Equal(t, "Part", list[0].Heading)
	require.True(t, strings.HasSuffix(list[0].Text, "end needle"))
	list, err = x.Search(t.Context(), "intro", 1)
	require.NoError(t, err)
	require.Equal(t, "intro", list[0].Text)
	require.Empty(t, list[0].Heading)
}

func TestWeightsTellRareWordsFromCommonOnes(t *testing.T) {
	t.Parallel()
	var docs []retrieval.Document
	for i := range 10 {
		docs = append(docs, retrieval.Document{ID: strconv.Itoa(i), Text: "common"})
	}
	docs = append(docs, retrieval.Document{ID: "x", Text: "rare"})
	x := setup(t, docs...)
	w, err := x.Weights(t.Context(), "Is common rare, or absent?")
	require.NoError(t, err)
	require.Len(t, w, 3)
	require.Equal(t, "common", w[0].Word)
	require.Less(t, w[0].IDF, w[1].IDF)
	require.Less(t, w[1].IDF, w[2].IDF)
}

func TestParagraphWithoutEndIsCutToPassages(t *testing.T) {
	t.Parallel()
	x := setup(t, retrieval.Document{ID: "a", Text: strings.Repeat("A sentence of é. ", 1000) + strings.Repeat("é", 5000) + " needle"})
	list, err := x.Search(t.Context(), "needle sentence", 100)
	require.NoError(t, err)
	require.Greater(t, len(list), 10)
	for _, p := range list {
		require.LessOrEqual(t, len(p.Text), 2400)
		require.True(t, utf8.ValidString(p.Text))
	}
}
