package picture

import (
	"math"
	"slices"
)

// Measures in pixels.
const (
	margin   = 16.0
	nodeGap  = 36.0
	bendGap  = 16.0
	layerGap = 46.0 // between layers of nodes
	labelGap = 24.0 // between a layer of nodes and one of labels
	maxGap   = 150.0
	nodePadX = 16.0
	nodePadY = 9.0
	labelPad = 4.0
	corner   = 8.0
	arrow    = 9.0
	portGap  = 16.0
	// A node gets no wider for more edges than these.
	mostPorts = 24
	loopRoom  = 34.0
)

// The colours are those of LangGraph's drawings where it has one.
const (
	colorPaper = "#ffffff"
	colorNode  = "#f2f0ff"
	colorLast  = "#bfb6fc"
	colorFrame = "#9370db"
	colorEdge  = "#555555"
	colorText  = "#222222"
	colorQuiet = "#666666"
	colorStop  = "#b45309"
)

type point struct{ x, y float64 }

// curve goes on from the last point to to, by the two control points.
type curve struct{ c1, c2, to point }

// stroke is a line of curves with an arrow at its end.
type stroke struct {
	from   point
	curves []curve
	dashed bool
	tip    point
	head   [2]point
}

// canvas is what a scene is painted on.
type canvas interface {
	box(at point, width, height, radius float64, fill, frame string)
	stroke(s stroke)
	// line writes text with its middle at x and its baseline at y.
	line(at point, l line)
}

// scene is a sheet with all places known.
type scene struct {
	*sheet
	width, height float64
	top, bottom   []float64 // of each layer
}

func newScene(g Graph) *scene {
	s := newSheet(Normalize(g), newTypesetter())
	s.order()
	s.place()
	out := &scene{sheet: s}
	out.frame()
	return out
}

// frame moves everything to the right of the left margin and gives each layer its height.
func (s *scene) frame() {
	low, high := 0.0, 0.0
	for i, it := range s.items {
		if i == 0 {
			low, high = it.x-it.left, it.x+it.right
		}
		low, high = min(low, it.x-it.left), max(high, it.x+it.right)
	}
	for i := range s.items {
		s.items[i].x += margin - low
	}
	s.width = high - low + 2*margin
	y := margin
	for i, layer := range s.layers {
		if i > 0 {
			y += s.gap(i)
		}
		height := 0.0
		for _, id := range layer {
			height = max(height, s.items[id].height)
		}
		s.top, s.bottom = append(s.top, y), append(s.bottom, y+height)
		y += height
	}
	s.height = y + margin
}

// gap is the distance to the layer above. Edges that go far aside get more, so that they do not become flat.
func (s *scene) gap(layer int) float64 {
	gap := labelGap
	if s.has(layer, isNode) && s.has(layer-1, isNode) {
		gap = layerGap
	}
	for _, id := range s.layers[layer] {
		for _, n := range s.items[id].up {
			gap = max(gap, min(maxGap, math.Abs(s.items[n].x-s.items[id].x)/5))
		}
	}
	return gap
}

func (s *scene) has(layer int, k kind) bool {
	return slices.ContainsFunc(s.layers[layer], func(id int) bool { return s.items[id].kind == k })
}

func (s *scene) paint(c canvas) {
	for _, st := range s.strokes() {
		c.stroke(st)
	}
	for i, n := range s.g.Nodes {
		s.paintNode(c, n, s.nodes[i], s.items[i])
		if loop, ok := s.loops[n.ID]; ok {
			c.stroke(s.loop(i, s.g.Edges[loop]))
			label := s.labels[loop]
			write(c, point{s.items[i].x + s.nodes[i].width/2 + loopRoom - labelPad + label.width/2, s.middle(s.items[i])}, label)
		}
	}
	for _, r := range s.routes {
		for _, id := range r.items {
			if it := s.items[id]; it.kind == isLabel {
				b := s.labels[r.edge]
				at := point{it.x, s.middle(it)}
				c.box(point{at.x - b.width/2, at.y - b.height/2}, b.width, b.height, 0, colorPaper, "")
				write(c, at, b)
			}
		}
	}
}

func (s *scene) middle(it item) float64 { return (s.top[it.layer] + s.bottom[it.layer]) / 2 }

func (s *scene) paintNode(c canvas, n Node, box nodeBox, it item) {
	at := point{it.x, s.middle(it)}
	fill, radius := colorNode, corner
	switch n.ID {
	case Start:
		fill, radius = colorPaper, box.height/2
	case End:
		fill, radius = colorLast, box.height/2
	}
	c.box(point{at.x - box.width/2, at.y - box.height/2}, box.width, box.height, radius, fill, colorFrame)
	write(c, at, box.block)
}

// write puts a block around a point.
func write(c canvas, at point, b block) {
	const baseline = 0.98 // of the size, below the top of a line
	y := at.y - b.height/2
	for _, l := range b.lines {
		c.line(point{at.x, y + baseline*l.size}, l)
		y += l.size * lineHeight
	}
}
