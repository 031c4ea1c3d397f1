package picture_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestNothingCoversAnything(t *testing.T) {
	t.Parallel()
	graphs := map[string]picture.Graph{"labels": choices(12), "complete": complete(7)}
	for _, d := range definitions(t) {
		graphs[d.Name] = d.graph()
	}
	for seed := range uint64(20) {
		n := 10 + int(seed)*3
		graphs["tangle"+strconv.Itoa(n)] = tangle(n, seed)
	}
	for name, g := range graphs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, read(t, picture.SVG(g)))
		})
	}
}

func check(t *testing.T, d drawing) {
	t.Helper()
	nodes, labels, edges := d.nodes(), d.labels(), d.edges(t)
	solid := slices.Concat(nodes, labels)
	for i, r := range solid {
		require.True(t, r.X >= 0 && r.Y >= 0 && r.X+r.Width <= d.Width && r.Y+r.Height <= d.Height, "cut: %v", r)
		for _, o := range solid[i+1:] {
			require.False(t, r.overlaps(o, 0.3), "%v covers %v", r, o)
		}
	}
	for i, e := range edges {
		for _, p := range e {
			for _, n := range nodes {
				require.False(t, n.holds(p, 0.3), "edge %d goes through node %v at %v", i, n, p)
			}
		}
	}
	for _, l := range labels {
		crossed := 0
		for _, e := range edges {
			for _, p := range e {
				if l.holds(p, 0.3) {
					crossed++
					break
				}
			}
		}
		require.Equal(t, 1, crossed, "a label is on its edge and on no other: %v", l)
	}
	texts := d.texts()
	for i, text := range texts {
		require.True(t, text.X >= 0 && text.X+text.Width <= d.Width, "cut: %v", d.Texts[i])
		for k, o := range texts[i+1:] {
			require.False(t, text.overlaps(o, 0.3), "%v covers %v", d.Texts[i], d.Texts[i+1+k])
		}
	}
}
