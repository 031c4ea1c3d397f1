package picture

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// rounds is how many super-steps LangGraph plays through before it draws a graph that does not come to an end.
const rounds = 251

// Normalize returns the graph as LangGraph draws it after compiling it: it plays the graph through, following every edge,
// and draws what it came by. So edges of nodes that are never reached are left out; of several edges between two nodes one is drawn;
// a node that nothing leaves leads to End; an unconditional edge to End beside another one, which has no effect, is left out;
// and where nothing leads to End, the node that ran last, if it ran alone, gets a dashed edge to it.
//
// Mermaid, SVG and PNG call it themselves; whoever shows the graph in another form should call it, too.
func Normalize(g Graph) Graph {
	p := play(g)
	edges := slices.SortedFunc(maps.Keys(p.edges), compareEdges)
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

// played is what playing through came by.
type played struct {
	edges map[Edge]bool
	// last are the nodes of the last super-step.
	last []string
}

// play follows all unconditional edges each time their source runs, and the conditional ones the first time.
// A deferred node runs when nothing else is left to run.
func play(g Graph) played {
	leaving, deferred := map[string][]Edge{}, map[string]bool{}
	for _, e := range g.Edges {
		leaving[e.Source] = append(leaving[e.Source], e)
	}
	for _, n := range g.Nodes {
		deferred[n.ID] = n.Defer
	}
	p := played{edges: map[Edge]bool{}}
	ran, waiting := map[string]bool{}, []string(nil)
	for tasks, round := []string{Start}, 0; len(tasks) > 0 && round < rounds; round++ {
		p.last = tasks
		var next []string
		for _, task := range tasks {
			for _, e := range leaving[task] {
				if hidden(e, leaving[task], ran[task]) || !p.follow(e) || e.Conditional && ran[task] {
					continue
				}
				if deferred[e.Target] {
					waiting = add(waiting, e.Target)
				} else {
					next = add(next, e.Target)
				}
			}
			ran[task] = true
		}
		if len(next) == 0 {
			next, waiting = waiting, nil
			p.imply(next, leaving)
		}
		tasks = next
	}
	return p
}

// hidden says whether LangGraph takes an unconditional edge for the conditional one to the same node, as it does the first time.
func hidden(e Edge, leaving []Edge, ran bool) bool {
	return !e.Conditional && !ran && slices.ContainsFunc(leaving, func(o Edge) bool { return o.Conditional && o.Target == e.Target })
}

// follow notes an edge and says whether its target runs.
func (p *played) follow(e Edge) bool {
	if e.Target == End && !e.Conditional {
		return false
	}
	p.edges[e] = true
	return e.Target != End
}

// imply adds the edges to deferred nodes that LangGraph infers when none of the nodes that ran just before leads to them.
func (p *played) imply(nodes []string, leaving map[string][]Edge) {
	for _, node := range nodes {
		leads := func(e Edge) bool { return e.Target == node }
		if slices.ContainsFunc(p.last, func(source string) bool { return slices.ContainsFunc(leaving[source], leads) }) {
			continue
		}
		for _, source := range p.last {
			p.edges[Edge{Source: source, Target: node, Conditional: true}] = true
		}
	}
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
