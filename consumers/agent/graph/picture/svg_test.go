package picture_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestSVGShowsHostileNamesAsText(t *testing.T) {
	t.Parallel()
	const hostile = `"/><script>alert(1)</script><!--]]>&lt;`
	svg := picture.SVG(picture.Graph{
		Nodes: []picture.Node{
			{ID: picture.Start},
			{ID: hostile, Name: hostile + "\x00\x1b\xff\u202e\ufffe", Metadata: map[string]string{hostile: hostile}},
		},
		Edges: []picture.Edge{
			{Source: picture.Start, Target: hostile, Label: hostile + "!", Conditional: true},
			{Source: hostile, Target: hostile, Label: hostile + "?", Conditional: true},
		},
	})
	d := read(t, svg)
	require.NotContains(t, string(svg), "<script")
	require.NotContains(t, string(svg), "\u202e")
	require.Contains(t, words(d), `"/><script>alert(1)</script><!--]]>&lt;!`)
	require.Contains(t, words(d), "\ufffd")
}

// words is all text of a drawing, as it is read.
func words(d drawing) string {
	var out []string
	for _, text := range d.Texts {
		out = append(out, text.Text)
	}
	return strings.Join(out, "")
}

func TestSVGIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := tangle(30, 7)
	want := picture.SVG(g)
	for range 20 {
		rand.Shuffle(len(g.Edges), func(i, k int) { g.Edges[i], g.Edges[k] = g.Edges[k], g.Edges[i] })
		require.Equal(t, string(want), string(picture.SVG(g)))
	}
}

func TestSVGShowsWhatAReaderLooksFor(t *testing.T) {
	t.Parallel()
	d := read(t, picture.SVG(named(t, "interrupt_before")))
	require.Len(t, d.nodes(), 8)
	require.Len(t, d.labels(), 5)
	for _, text := range []string{"__start__", "__end__", "tool_executor", "interrupt before", "approve", "review"} {
		require.Contains(t, words(d), text)
	}
	dashed := 0
	for _, p := range d.Paths {
		if p.Dash != "" {
			dashed++
		}
	}
	require.Equal(t, 5, dashed, "the conditional edges")
}

func TestSVGBreaksLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("several words_and_underscores-", 100)
	d := read(t, picture.SVG(picture.Graph{Nodes: []picture.Node{{ID: picture.Start}, {ID: long}}}))
	require.Less(t, d.Width, 500.0)
	require.Contains(t, words(d), "…")
	require.Contains(t, words(d), "several words_and_underscores-several")
}

func TestSVGTakesWhatIsNotAGraph(t *testing.T) {
	t.Parallel()
	read(t, picture.SVG(picture.Graph{}))
	read(t, picture.SVG(picture.Graph{
		Nodes: []picture.Node{{ID: picture.Start}, {ID: ""}, {ID: "a"}, {ID: "a"}},
		Edges: []picture.Edge{{Source: picture.Start, Target: "nowhere"}, {Source: "nobody", Target: "a"}, {Source: picture.Start, Target: "a"}},
	}))
}
