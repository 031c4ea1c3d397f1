package picture

// The states of a node in a search.
const (
	unseen = iota
	open
	left
)

// search goes through the graph depth first.
type search struct {
	edges   []Edge
	leaving map[string][]int
	state   map[string]int
	// upward edges lead back to a node that the search has not left. Without them there is no cycle.
	upward []bool
	// order has every node after all nodes that it leads to.
	order []string
}

func newSearch(g Graph) *search {
	s := &search{edges: g.Edges, leaving: map[string][]int{}, state: map[string]int{}, upward: make([]bool, len(g.Edges))}
	for i, e := range g.Edges {
		s.leaving[e.Source] = append(s.leaving[e.Source], i)
	}
	for _, n := range g.Nodes {
		s.visit(n.ID)
	}
	return s
}

func (s *search) visit(node string) {
	if s.state[node] != unseen {
		return
	}
	s.state[node] = open
	for _, i := range s.leaving[node] {
		target := s.edges[i].Target
		s.upward[i] = s.state[target] == open
		s.visit(target)
	}
	s.state[node] = left
	s.order = append(s.order, node)
}

// ranks gives every node a layer, by the longest way to it, and says which edges lead upwards.
// Nodes that an edge connects are at least step layers apart. End is at the bottom.
func ranks(g Graph, step int) (rank map[string]int, upward []bool) {
	s := newSearch(g)
	rank = map[string]int{}
	// An edge upwards needs room, too: it is drawn from its target down.
	down := map[string][]string{}
	for i, e := range g.Edges {
		switch {
		case e.Source == e.Target:
		case s.upward[i]:
			down[e.Target] = append(down[e.Target], e.Source)
		default:
			down[e.Source] = append(down[e.Source], e.Target)
		}
	}
	deepest := 0
	for i := len(s.order) - 1; i >= 0; i-- {
		node := s.order[i]
		for _, target := range down[node] {
			rank[target] = max(rank[target], rank[node]+step)
		}
		deepest = max(deepest, rank[node])
	}
	if _, ok := rank[End]; ok {
		rank[End] = deepest
	}
	return rank, s.upward
}
