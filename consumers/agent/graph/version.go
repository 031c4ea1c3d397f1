package graph

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// Named sets the version by hand, for changes that the structure does not show, such as another meaning of a key.
func (g *Graph) Named(version string) *Graph {
	g.version = version
	return g
}

// Version is a short hash of the graph's structure, behind its name by hand if it has one. Runs stay on the version they began on.
// It is computed once.
func (g *Graph) Version() string {
	g.once.Do(func() { g.id = g.hash() })
	return g.id
}

func (g *Graph) hash() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(g.keys)) {
		fmt.Fprintf(&b, "key %s %T\n", name, g.keys[name])
	}
	for _, name := range slices.Sorted(maps.Keys(g.nodes)) {
		fmt.Fprintf(&b, "node %s %t %q\n", name, g.nodes[name].deferred, g.nodes[name].destinations)
	}
	for _, from := range slices.Sorted(maps.Keys(g.edges)) {
		fmt.Fprintf(&b, "edge %s %q\n", from, g.edges[from])
	}
	for _, from := range slices.Sorted(maps.Keys(g.branches)) {
		for _, br := range g.branches[from] {
			fmt.Fprintf(&b, "branch %s %q %v\n", from, br.targets, br.labels)
		}
	}
	for _, j := range slices.SortedFunc(slices.Values(g.joins), func(a, b join) int { return cmp.Compare(a.key(), b.key()) }) {
		fmt.Fprintf(&b, "%s\n", j.key())
	}
	sum := fmt.Sprintf("%08x", uint32(xxh3.HashString(b.String()))) //nolint:gosec // cut on purpose
	if g.version == "" {
		return sum
	}
	return g.version + "-" + sum
}
