package picture_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestNormalizeDoesNotDependOnTheOrderOfEdges(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(t) {
		g, turned := d.graph(), d.graph()
		slices.Reverse(turned.Edges)
		require.Equal(t, picture.Normalize(g), picture.Normalize(turned), d.Name)
	}
}

func TestNormalizeLeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	for _, d := range definitions(t) {
		g := d.graph()
		picture.Normalize(g)
		picture.Mermaid(g, picture.MermaidOptions{JS: true})
		picture.SVG(g)
		require.Equal(t, d.graph(), g)
	}
}

func TestNormalizePutsTheEndLast(t *testing.T) {
	t.Parallel()
	g := picture.Normalize(picture.Graph{
		Nodes: []picture.Node{{ID: picture.End, Name: "over"}, {ID: "a"}, {ID: picture.Start}},
		Edges: []picture.Edge{{Source: picture.Start, Target: "a"}},
	})
	require.Equal(t, []picture.Node{{ID: picture.Start}, {ID: "a"}, {ID: picture.End, Name: "over"}}, g.Nodes)
	require.Equal(t, []picture.Edge{{Source: picture.Start, Target: "a"}, {Source: "a", Target: picture.End}}, g.Edges)
}
