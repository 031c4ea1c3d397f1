package picture

import (
	"fmt"
	"slices"
	"strings"
)

// mermaidJS writes the shape of LangGraph.js 1.7. It plays nothing through: it draws all edges, the unconditional ones first,
// sorted by their sources, the conditional ones in the order of their definition.
func mermaidJS(g Graph, o MermaidOptions) string {
	words := func(s string) []string { return strings.Split(s, " ") }
	w := newMermaid(defined(g), o, underscored, words, "&nbsp;<br>&nbsp;")
	if !o.WithoutStyles {
		fmt.Fprintf(&w.out, "%%%%{init: {'flowchart': {'curve': '%s'}}}%%%%\n", o.Curve)
	}
	w.out.WriteString("graph TD;\n")
	for _, n := range w.g.Nodes {
		if !o.WithoutStyles {
			w.node(n, markdownJS(n.name()))
		}
	}
	w.nested("")
	for _, group := range w.prefixes {
		if group != "" && !strings.Contains(group, ":") {
			w.nested(group)
		}
	}
	if !o.WithoutStyles {
		w.out.WriteString("\tclassDef default fill:#f2f0ff,line-height:1.2;\n\tclassDef first fill-opacity:0;\n\tclassDef last fill:#bfb6fc;\n")
	}
	return w.out.String()
}

func defined(g Graph) Graph {
	edges := slices.Clone(g.Edges)
	slices.SortStableFunc(edges, func(a, b Edge) int {
		if a.Conditional || b.Conditional {
			return compareBool(a.Conditional, b.Conditional)
		}
		return strings.Compare(a.Source, b.Source)
	})
	sources := map[string]bool{}
	for _, e := range edges {
		sources[e.Source] = true
	}
	var closing []Edge
	for _, e := range edges {
		if !e.Conditional && e.Target != End && !sources[e.Target] {
			closing = append(closing, Edge{Source: e.Target, Target: End})
		}
	}
	slices.SortFunc(closing, compareEdges)
	edges = append(edges, compact(closing)...)
	nodes := arrange(g.Nodes, edges)
	for i := range nodes {
		nodes[i].Defer = false // it does not tell
	}
	return Graph{Nodes: nodes, Edges: edges}
}

func markdownJS(name string) string {
	for _, special := range []string{"*", "_", "`"} {
		if strings.HasPrefix(name, special) && strings.HasSuffix(name, special) {
			return "<p>" + name + "</p>"
		}
	}
	return name
}

func (w *mermaid) nested(group string) {
	edges := w.groups[group]
	loop := len(edges) == 1 && edges[0].Source == edges[0].Target
	if group != "" && !loop {
		fmt.Fprintf(&w.out, "\tsubgraph %s\n", group[strings.LastIndexByte(group, ':')+1:])
	}
	for _, inner := range w.prefixes {
		if rest, ok := strings.CutPrefix(inner, group+":"); ok && !strings.Contains(rest, ":") {
			w.nested(inner)
		}
	}
	w.edges(edges)
	if group != "" && !loop {
		w.out.WriteString("\tend\n")
	}
}
