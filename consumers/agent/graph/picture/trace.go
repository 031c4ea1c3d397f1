package picture

import (
	"cmp"
	"math"
	"slices"
)

// strokes draws the edges. Within a layer an edge goes straight down, where its item has room of its own; between two layers
// it may go aside. So it never meets a node or a label of another edge.
func (s *scene) strokes() []stroke {
	out := make([]stroke, 0, len(s.routes))
	tops, bottoms := s.ports()
	for i, r := range s.routes {
		out = append(out, s.trace(r, bottoms[i], tops[i]))
	}
	return out
}

// ports spreads the ends of the edges over the width of their nodes, in the order in which they leave it.
func (s *scene) ports() (tops, bottoms []float64) {
	tops, bottoms = make([]float64, len(s.routes)), make([]float64, len(s.routes))
	above, below := map[int][]int{}, map[int][]int{}
	for i, r := range s.routes {
		below[r.items[0]] = append(below[r.items[0]], i)
		end := r.items[len(r.items)-1]
		above[end] = append(above[end], i)
	}
	for node, routes := range below {
		s.spread(node, routes, bottoms, func(r route) int { return r.items[1] })
	}
	for node, routes := range above {
		s.spread(node, routes, tops, func(r route) int { return r.items[len(r.items)-2] })
	}
	return tops, bottoms
}

func (s *scene) spread(node int, routes []int, out []float64, next func(route) int) {
	slices.SortStableFunc(routes, func(a, b int) int {
		return cmp.Compare(s.items[next(s.routes[a])].x, s.items[next(s.routes[b])].x)
	})
	room := s.nodes[node].width - 2*corner
	gap := min(portGap, room/float64(len(routes)))
	if gap < arrow {
		gap = 0 // one place for all, instead of arrows on top of each other
	}
	for i, r := range routes {
		out[r] = s.items[node].x + gap*(float64(i)-float64(len(routes)-1)/2)
	}
}

// trace goes down from a node to another one.
func (s *scene) trace(r route, from, to float64) stroke {
	source, target := r.items[0], r.items[len(r.items)-1]
	p := pen{at: point{from, s.middle(s.items[source]) + s.items[source].height/2}}
	start := p.at
	if r.upward {
		p.down(p.at.y + arrow)
		p.start = p.at
	}
	p.down(s.bottom[s.items[source].layer])
	end := point{to, s.middle(s.items[target]) - s.items[target].height/2}
	enter := point{to, s.top[s.items[target].layer]}
	if !r.upward {
		enter.y = min(enter.y, end.y-arrow)
	}
	for i, id := range r.items[1 : len(r.items)-1] {
		it, next := s.items[id], enter
		if below := s.items[r.items[i+2]]; r.items[i+2] != target {
			next = point{below.x, s.top[below.layer]}
		}
		if !s.pass(id, p.at, next) {
			p.aside(point{it.x, s.top[it.layer]})
			p.down(s.bottom[it.layer])
		}
	}
	p.aside(enter)
	st := stroke{from: start, dashed: s.g.Edges[r.edge].Conditional}
	if r.upward {
		p.down(end.y)
		st.from, st.curves, st.tip = p.start, p.curves, start
		st.head = [2]point{{start.x - arrow/2, start.y + arrow}, {start.x + arrow/2, start.y + arrow}}
		return st
	}
	p.down(end.y - arrow)
	st.curves, st.tip = p.curves, end
	st.head = [2]point{{end.x - arrow/2, end.y - arrow}, {end.x + arrow/2, end.y - arrow}}
	return st
}

// pen draws downwards.
type pen struct {
	at, start point
	curves    []curve
}

func (p *pen) down(y float64) {
	if y > p.at.y {
		to := point{p.at.x, y}
		p.curves = append(p.curves, curve{p.at, to, to})
		p.at = to
	}
}

func (p *pen) aside(to point) {
	if to.x == p.at.x {
		p.down(to.y)
		return
	}
	p.curves = append(p.curves, bow(p.at, to))
	p.at = to
}

// bow leaves and arrives straight down.
func bow(from, to point) curve {
	half := (to.y - from.y) / 2
	return curve{point{from.x, from.y + half}, point{to.x, to.y - half}, to}
}

// pass says whether an edge may go through a layer without nodes in one bow, because it keeps to its own half of the gaps
// to its neighbours there. A label moves along.
func (s *scene) pass(id int, from, to point) bool {
	it := s.items[id]
	if s.has(it.layer, isNode) {
		return false
	}
	low, high := s.cell(id)
	left, right, at := math.Inf(1), math.Inf(-1), it.x
	for _, p := range flatten(stroke{from: from, curves: []curve{bow(from, to)}}) {
		if p.y < s.middle(it) {
			at = p.x
		}
		if p.y >= s.top[it.layer]-1 && p.y <= s.bottom[it.layer]+1 {
			left, right = min(left, p.x), max(right, p.x)
		}
	}
	if min(left, at-it.left) < low || max(right, at+it.right) > high {
		return false
	}
	s.items[id].x = at
	return true
}

// cell is the width that an item and its half of the gaps to its neighbours take.
func (s *scene) cell(id int) (low, high float64) {
	it := s.items[id]
	layer := s.layers[it.layer]
	i := slices.Index(layer, id)
	low, high = 0, s.width
	if i > 0 {
		left := s.items[layer[i-1]]
		low = (left.x + left.right + it.x - it.left) / 2
	}
	if i < len(layer)-1 {
		right := s.items[layer[i+1]]
		high = (it.x + it.right + right.x - right.left) / 2
	}
	return low, high
}

// loop leaves a node on its right and comes back below.
func (s *scene) loop(node int, e Edge) stroke {
	const reach = 30.0
	x, y := s.items[node].x+s.nodes[node].width/2, s.middle(s.items[node])
	half := s.nodes[node].height / 4
	end := point{x + arrow, y + half}
	return stroke{
		from: point{x, y - half}, dashed: e.Conditional,
		curves: []curve{{point{x + reach, y - half}, point{x + reach, y + half}, end}},
		tip:    point{x, y + half}, head: [2]point{{x + arrow, y + half - arrow/2}, {x + arrow, y + half + arrow/2}},
	}
}
