package picture

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The two nodes that are not the application's.
const (
	Start = "__start__"
	End   = "__end__"
)

// Node is a node of the drawing.
type Node struct {
	// ID is unique. An id "a:b" stands for node b of sub-graph a.
	ID string
	// Name is what is written on the node. Defaults to the last part of the id.
	Name string
	// Interrupt is where a run stops for a person: "", "before", "after" or "before,after".
	Interrupt string
	// Metadata is written below the name, sorted by key.
	Metadata map[string]string
	// Defer means that the node waits for all other branches.
	Defer bool
}

// Edge leads from one node to another.
type Edge struct {
	Source, Target string
	// Label is shown unless it is empty or the target's id.
	Label string
	// Conditional edges are dashed.
	Conditional bool
	// Join is the same number, above 0, for the edges of one join: the target waits for all their sources.
	Join int
}

// Graph is what is drawn: nodes in the order of their definition, edges in any order, with Start and, where the application names it, End.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

func (n Node) name() string {
	name := cmp.Or(n.Name, n.ID)
	return name[strings.LastIndexByte(name, ':')+1:]
}

// details are the lines below the name, in LangGraph's order. The tools of a tool node come last.
func (n Node) details() []string {
	const tools = "__tools"
	var out []string
	for _, key := range slices.Sorted(maps.Keys(n.Metadata)) {
		if key != tools {
			out = append(out, key+" = "+n.Metadata[key])
		}
	}
	if n.Defer {
		out = append(out, "defer = True")
	}
	if n.Interrupt != "" {
		out = append(out, "__interrupt = "+n.Interrupt)
	}
	if list, ok := n.Metadata[tools]; ok {
		out = append(out, tools+" = "+list)
	}
	return out
}

func (e Edge) label() string {
	if e.Label == e.Target {
		return ""
	}
	return e.Label
}

// first is the only node that no edge leads to, if there is just one. last is the only one that no edge leaves.
func (g Graph) first() string {
	return g.only(func(e Edge) string { return e.Target })
}

func (g Graph) last() string {
	return g.only(func(e Edge) string { return e.Source })
}

func (g Graph) only(side func(Edge) string) string {
	taken := map[string]bool{}
	for _, e := range g.Edges {
		taken[side(e)] = true
	}
	found, count := "", 0
	for _, n := range g.Nodes {
		if !taken[n.ID] {
			found, count = n.ID, count+1
		}
	}
	if count != 1 {
		return ""
	}
	return found
}
