package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MermaidOptions of Mermaid. The zero value is what LangGraph's draw_mermaid does by default.
type MermaidOptions struct {
	// WithoutStyles leaves out header, nodes and classes.
	WithoutStyles bool
	// Curve is the shape of the edges. Defaults to linear.
	Curve string
	// WrapWords is how many words of a label stand in one line. Defaults to 9.
	WrapWords int
	// JS writes LangGraph.js's older shape.
	JS bool
}

// Mermaid returns the graph as Mermaid text, to the byte as LangGraph's get_graph().draw_mermaid() does.
//
// Like there, names and labels are not escaped, only ids and metadata are: a page that shows the text of a graph it does not trust
// must run Mermaid with securityLevel strict. SVG escapes everything.
func Mermaid(g Graph, o MermaidOptions) string {
	o.Curve = cmp.Or(o.Curve, "linear")
	if o.WrapWords == 0 {
		o.WrapWords = 9
	}
	if o.JS {
		return mermaidJS(g, o)
	}
	w := newMermaid(Normalize(g), o, safeID, strings.Fields, "&nbsp<br>&nbsp")
	if !o.WithoutStyles {
		fmt.Fprintf(&w.out, "---\nconfig:\n  flowchart:\n    curve: %s\n---\n", o.Curve)
	}
	w.out.WriteString("graph TD;\n")
	w.nodesOf("")
	w.subgraph("")
	for _, group := range w.prefixes {
		if group != "" && !strings.Contains(group, ":") {
			w.subgraph(group)
			w.seen[group] = true
		}
	}
	w.unconnected()
	if !o.WithoutStyles {
		w.out.WriteString("\tclassDef default fill:#f2f0ff,line-height:1.2\n\tclassDef first fill-opacity:0\n\tclassDef last fill:#bfb6fc\n")
	}
	return w.out.String()
}

// mermaid writes the parts that both shapes have.
type mermaid struct {
	out     strings.Builder
	g       Graph
	o       MermaidOptions
	id      func(string) string
	words   func(string) []string
	newline string

	first, last string
	// groups are the edges by the part that their ends' ids share, prefixes its keys in the order of their first edges.
	groups   map[string][]Edge
	prefixes []string
	seen     map[string]bool
}

func newMermaid(g Graph, o MermaidOptions, id func(string) string, words func(string) []string, newline string) *mermaid {
	w := &mermaid{
		g: g, o: o, id: id, words: words, newline: newline, first: g.first(), last: g.last(),
		groups: map[string][]Edge{}, seen: map[string]bool{},
	}
	for _, e := range g.Edges {
		p := shared(e)
		if _, ok := w.groups[p]; !ok {
			w.prefixes = append(w.prefixes, p)
		}
		w.groups[p] = append(w.groups[p], e)
	}
	return w
}

func shared(e Edge) string {
	source, target := strings.Split(e.Source, ":"), strings.Split(e.Target, ":")
	var out []string
	for i := range min(len(source), len(target)) {
		if source[i] == target[i] {
			out = append(out, source[i])
		}
	}
	return strings.Join(out, ":")
}

// prefix is the sub-graph of a node.
func prefix(id string) string { return id[:max(0, strings.LastIndexByte(id, ':'))] }

func (w *mermaid) nodesOf(group string) {
	for _, n := range w.g.Nodes {
		if prefix(n.ID) == group && !w.o.WithoutStyles {
			w.node(n, markdown(n.name()))
		}
	}
}

// markdown keeps Mermaid from taking a name for markdown.
func markdown(name string) string {
	const special = "*_`"
	if name != "" && strings.IndexByte(special, name[0]) >= 0 && strings.IndexByte(special, name[len(name)-1]) >= 0 {
		return "<p>" + name + "</p>"
	}
	return name
}

func (w *mermaid) node(n Node, label string) {
	if lines := n.details(); len(lines) > 0 {
		label += "<hr/><small><em>" + entities(strings.Join(lines, "\n")) + "</em></small>"
	}
	format := "\t%s(%s)\n"
	switch n.ID {
	case w.last:
		format = "\t%s([%s]):::last\n"
	case w.first:
		format = "\t%s([%s]):::first\n"
	}
	fmt.Fprintf(&w.out, format, w.id(n.ID), label)
}

func (w *mermaid) subgraph(group string) {
	edges := w.groups[group]
	loop := len(edges) == 1 && edges[0].Source == edges[0].Target
	if group != "" && !loop {
		name := group[strings.LastIndexByte(group, ':')+1:]
		w.seen[name] = true
		fmt.Fprintf(&w.out, "\tsubgraph %s\n", name)
		w.nodesOf(group)
	}
	w.edges(edges)
	for _, nested := range w.prefixes {
		if rest, ok := strings.CutPrefix(nested, group+":"); ok && !strings.Contains(rest, ":") {
			w.subgraph(nested)
		}
	}
	if group != "" && !loop {
		w.out.WriteString("\tend\n")
	}
}

func (w *mermaid) edges(edges []Edge) {
	for _, e := range edges {
		arrow := " --> "
		label := w.wrapped(e.label())
		switch {
		case label != "" && e.Conditional:
			arrow = " -. &nbsp;" + label + "&nbsp; .-> "
		case label != "":
			arrow = " -- &nbsp;" + label + "&nbsp; --> "
		case e.Conditional:
			arrow = " -.-> "
		}
		fmt.Fprintf(&w.out, "\t%s%s%s;\n", w.id(e.Source), arrow, w.id(e.Target))
	}
}

func (w *mermaid) wrapped(label string) string {
	words := w.words(label)
	if len(words) <= w.o.WrapWords {
		return label
	}
	var lines []string
	for line := range slices.Chunk(words, w.o.WrapWords) {
		lines = append(lines, strings.Join(line, " "))
	}
	return strings.Join(lines, w.newline)
}

// unconnected writes the sub-graphs that have no edge of their own.
func (w *mermaid) unconnected() {
	for _, n := range w.g.Nodes {
		group := prefix(n.ID)
		if group == "" || strings.Contains(group, ":") || w.seen[group] || w.o.WithoutStyles {
			continue
		}
		w.seen[group] = true
		fmt.Fprintf(&w.out, "\tsubgraph %s\n", group)
		w.nodesOf(group)
		w.out.WriteString("\tend\n")
	}
}
