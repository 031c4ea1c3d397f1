package graph

import (
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

// Picture returns what can be drawn of the graph, as LangGraph draws it: nodes in the order of their definition, conditional
// edges and destinations dashed.
func (g *Graph) Picture() picture.Graph {
	out := picture.Graph{Nodes: []picture.Node{{ID: Start}}}
	end := false
	edge := func(from, to, label string, conditional bool) {
		end = end || to == End
		out.Edges = append(out.Edges, picture.Edge{Source: from, Target: to, Label: label, Conditional: conditional})
	}
	for _, from := range append([]string{Start}, g.order...) {
		for _, to := range g.edges[from] {
			edge(from, to, "", false)
		}
		for _, b := range g.branches[from] {
			b.draw(func(to, label string) { edge(from, to, label, true) })
		}
		n := g.nodes[from]
		if n == nil {
			continue
		}
		for _, to := range n.destinations {
			edge(from, to, "", true)
		}
		out.Nodes = append(out.Nodes, picture.Node{ID: from, Interrupt: g.breakpoint(from), Metadata: n.metadata, Defer: n.deferred})
	}
	for i, j := range g.joins {
		for _, from := range j.from {
			edge(from, j.to, "", false)
			out.Edges[len(out.Edges)-1].Join = i + 1
		}
	}
	if end {
		out.Nodes = append(out.Nodes, picture.Node{ID: End})
	}
	return out
}

func (b branch) draw(edge func(to, label string)) {
	if b.labels == nil {
		for _, to := range b.targets {
			edge(to, "")
		}
		return
	}
	for label, to := range b.labels { // pictures sort edges
		edge(to, label)
	}
}

func (g *Graph) breakpoint(node string) string {
	var when []string
	for _, list := range []struct {
		name  string
		nodes []string
	}{{"before", g.before}, {"after", g.after}} {
		if slices.Contains(list.nodes, node) || slices.Contains(list.nodes, All) {
			when = append(when, list.name)
		}
	}
	return strings.Join(when, ",")
}
