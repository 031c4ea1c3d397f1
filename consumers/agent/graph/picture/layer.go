package picture

import "slices"

// What an item of a layer is.
type kind int

const (
	isNode kind = iota
	isBend
	isLabel
)

// item is what takes room in a layer: a node, an edge that passes, or an edge's label. y is set by layer; x, the middle, by place.
type item struct {
	kind  kind
	layer int
	// left and right are the widths on both sides of x.
	left, right, height float64
	x                   float64
	// up and down are the neighbours in the layers above and below.
	up, down []int
}

// route is an edge as items from top to bottom.
type route struct {
	edge   int
	items  []int
	upward bool
}

// sheet is a graph in layers.
type sheet struct {
	g      Graph
	text   *typesetter
	nodes  []nodeBox
	labels map[int]block // by edge
	items  []item        // the nodes first, in their order
	layers [][]int       // items from left to right
	routes []route
	loops  map[string]int // the edge from a node to itself
}

// nodeBox is a node's text and size.
type nodeBox struct {
	block
	width, height float64
}

// newSheet measures everything and puts it into layers.
func newSheet(g Graph, text *typesetter) *sheet {
	s := &sheet{g: g, text: text, labels: map[int]block{}, loops: map[string]int{}}
	step := 1
	for i, e := range g.Edges {
		if e.label() != "" {
			s.labels[i] = text.label(e.label())
		}
		if e.Source == e.Target {
			s.loops[e.Source] = i
		} else if e.label() != "" {
			step = 2
		}
	}
	rank, upward := ranks(g, step)
	index := map[string]int{}
	ends := ports(g, upward)
	for i, n := range g.Nodes {
		index[n.ID] = i
		s.addNode(n, rank[n.ID], ends[n.ID])
	}
	for i, e := range g.Edges {
		source, ok := index[e.Source]
		target, ok2 := index[e.Target]
		if ok && ok2 && source != target {
			s.addRoute(i, source, target, upward[i])
		}
	}
	return s
}

// ports is how many edges each node has above or below it, whichever is more.
func ports(g Graph, upward []bool) map[string]int {
	above, below, most := map[string]int{}, map[string]int{}, map[string]int{}
	for i, e := range g.Edges {
		top, bottom := e.Source, e.Target
		if upward[i] {
			top, bottom = bottom, top
		}
		below[top]++
		above[bottom]++
		most[top], most[bottom] = max(most[top], below[top]), max(most[bottom], above[bottom])
	}
	return most
}

// addNode makes a node wide enough for its text and for its edges.
func (s *sheet) addNode(n Node, layer, ports int) {
	box := s.text.node(n)
	box.width = max(box.width, float64(min(ports, mostPorts))*(arrow+2)+2*corner)
	s.nodes = append(s.nodes, box)
	half := box.width / 2
	it := item{kind: isNode, layer: layer, left: half, right: half, height: box.height}
	if loop, ok := s.loops[n.ID]; ok {
		it.right += loopRoom + s.labels[loop].width
	}
	s.add(it)
}

func (s *sheet) add(it item) int {
	for len(s.layers) <= it.layer {
		s.layers = append(s.layers, nil)
	}
	s.items = append(s.items, it)
	id := len(s.items) - 1
	s.layers[it.layer] = append(s.layers[it.layer], id)
	return id
}

// addRoute puts an item into each layer between two nodes. The label is next to the source.
func (s *sheet) addRoute(edge, source, target int, upward bool) {
	top, bottom := source, target
	if upward {
		top, bottom = target, source
	}
	first, last := s.items[top].layer+1, s.items[bottom].layer-1
	near := first
	if upward {
		near = last
	}
	r := route{edge: edge, upward: upward, items: []int{top}}
	for layer := first; layer <= last; layer++ {
		it := item{kind: isBend, layer: layer}
		if label, ok := s.labels[edge]; ok && layer == near {
			it = item{kind: isLabel, layer: layer, left: label.width / 2, right: label.width / 2, height: label.height}
		}
		r.items = append(r.items, s.add(it))
	}
	r.items = append(r.items, bottom)
	for i := 1; i < len(r.items); i++ {
		a, b := r.items[i-1], r.items[i]
		s.items[a].down = append(s.items[a].down, b)
		s.items[b].up = append(s.items[b].up, a)
	}
	s.routes = append(s.routes, r)
}

// positions are the places of the items in their layers.
func (s *sheet) positions() []int {
	out := make([]int, len(s.items))
	for _, layer := range s.layers {
		for i, id := range layer {
			out[id] = i
		}
	}
	return out
}

func cloneLayers(layers [][]int) [][]int {
	out := make([][]int, len(layers))
	for i, l := range layers {
		out[i] = slices.Clone(l)
	}
	return out
}
