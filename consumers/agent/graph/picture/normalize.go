package picture

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Normalize returns the graph as LangGraph draws it after compiling it: it plays the graph through, following every edge,
// and draws what it came by. So edges of nodes that are never reached are left out; of several edges between two nodes one is drawn;
// a node that nothing leaves leads to End; an unconditional edge to End beside another one, which has no effect, is left out;
// and where nothing leads to End, the node that ran last, if it ran alone, gets a dashed edge to it.
//
// Mermaid, SVG and PNG call it themselves; whoever shows the graph in another form should call it, too.
func Normalize(g Graph) Graph {
	p := play(g)
	edges := slices.SortedFunc(maps.Keys(p.drawn), compareEdges)
	sources, ends := map[string]bool{}, false
	for _, e := range edges {
		sources[e.Source] = true
		ends = ends || e.Target == End
	}
	var closing []Edge
	for _, e := range edges {
		if e.Target != End && !sources[e.Target] {
			closing = append(closing, Edge{Source: e.Target, Target: End})
		}
	}
	slices.SortFunc(closing, compareEdges)
	if len(closing) == 0 && !ends && len(p.last) == 1 {
		closing = append(closing, Edge{Source: p.last[0], Target: End, Conditional: true})
	}
	edges = compact(append(edges, closing...))
	return Graph{Nodes: arrange(g.Nodes, edges), Edges: edges}
}

func compareEdges(a, b Edge) int {
	return cmp.Or(
		strings.Compare(a.Source, b.Source), strings.Compare(a.Target, b.Target),
		compareBool(a.Conditional, b.Conditional), strings.Compare(a.Label, b.Label),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// compact keeps the first edge between two nodes.
func compact(edges []Edge) []Edge {
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(edges, func(e Edge) bool {
		pair := [2]string{e.Source, e.Target}
		known := seen[pair]
		seen[pair] = true
		return known
	})
}

// arrange puts Start first and End, if an edge leads there, last.
func arrange(nodes []Node, edges []Edge) []Node {
	out := make([]Node, 0, len(nodes)+1)
	end := Node{ID: End, Name: End}
	for _, n := range nodes {
		switch n.ID {
		case Start:
			out = slices.Insert(out, 0, n)
		case End:
			end = n
		default:
			out = append(out, n)
		}
	}
	if slices.ContainsFunc(edges, func(e Edge) bool { return e.Target == End }) {
		out = append(out, end)
	}
	return out
}
