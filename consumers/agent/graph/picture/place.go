package picture

import "slices"

const placeRounds = 40

// place moves the items of each layer as near to their neighbours as their widths and order allow, in turns from top to bottom
// and back, and then makes long edges straight.
func (s *sheet) place() {
	for _, layer := range s.layers {
		x := 0.0
		for i, id := range layer {
			if i > 0 {
				x += s.apart(layer[i-1], id)
			}
			s.items[id].x = x
		}
		for _, id := range layer {
			s.items[id].x -= x / 2
		}
	}
	up, down := func(it item) []int { return it.up }, func(it item) []int { return it.down }
	both := func(it item) []int { return slices.Concat(it.up, it.down) }
	for range placeRounds {
		for i := range s.layers {
			s.pull(s.layers[i], up)
		}
		for i := range s.layers {
			s.pull(s.layers[len(s.layers)-1-i], down)
		}
	}
	for range placeRounds {
		for i := range s.layers {
			s.pull(s.layers[i], both)
		}
		for i := range s.layers {
			s.pull(s.layers[len(s.layers)-1-i], both)
		}
	}
	s.straighten()
}

// apart is the least distance between the middles of two adjacent items.
func (s *sheet) apart(a, b int) float64 {
	gap := bendGap
	if s.items[a].kind != isBend && s.items[b].kind != isBend {
		gap = nodeGap
	}
	return s.items[a].right + s.items[b].left + gap
}

// pull solves one layer: the least weighted squares of the distances to the neighbours' mean, under the least distances
// between adjacent items. Items that would overlap are merged into groups that move together.
func (s *sheet) pull(layer []int, neighbours func(item) []int) {
	type group struct {
		sum, weight float64
		size        int
	}
	var groups []group
	offset := make([]float64, len(layer))
	for i, id := range layer {
		if i > 0 {
			offset[i] = offset[i-1] + s.apart(layer[i-1], id)
		}
		want, weight := s.wish(id, neighbours(s.items[id]))
		g := group{sum: (want - offset[i]) * weight, weight: weight, size: 1}
		for len(groups) > 0 {
			last := groups[len(groups)-1]
			if last.sum/last.weight <= g.sum/g.weight {
				break
			}
			g = group{sum: g.sum + last.sum, weight: g.weight + last.weight, size: g.size + last.size}
			groups = groups[:len(groups)-1]
		}
		groups = append(groups, g)
	}
	i := 0
	for _, g := range groups {
		for range g.size {
			s.items[layer[i]].x = g.sum/g.weight + offset[i]
			i++
		}
	}
}

// wish is where an item would be, and how strongly: straight long edges count most.
func (s *sheet) wish(id int, neighbours []int) (x, weight float64) {
	for _, n := range neighbours {
		w := 1.0
		if s.items[id].kind != isNode {
			w *= 2
		}
		if s.items[n].kind != isNode {
			w *= 2
		}
		x, weight = x+w*s.items[n].x, weight+w
	}
	if weight == 0 {
		return s.items[id].x, 0.1
	}
	return x / weight, weight
}

// straighten gives the items between two nodes one x for as long a part of the way as their neighbours in the layers leave room.
func (s *sheet) straighten() {
	position := s.positions()
	for range 2 {
		for _, r := range s.routes {
			for inner := r.items[1 : len(r.items)-1]; len(inner) > 0; {
				low, high := s.room(inner[0], position)
				sum, n := s.items[inner[0]].x, 1
				for ; n < len(inner); n++ {
					l, h := s.room(inner[n], position)
					if max(low, l) > min(high, h) {
						break
					}
					low, high, sum = max(low, l), min(high, h), sum+s.items[inner[n]].x
				}
				for _, id := range inner[:n] {
					s.items[id].x = min(max(sum/float64(n), low), high)
				}
				inner = inner[n:]
			}
		}
	}
}

// room is how far an item can move.
func (s *sheet) room(id int, position []int) (low, high float64) {
	const far = 1e9
	layer, p := s.layers[s.items[id].layer], position[id]
	low, high = -far, far
	if p > 0 {
		low = s.items[layer[p-1]].x + s.apart(layer[p-1], id)
	}
	if p < len(layer)-1 {
		high = s.items[layer[p+1]].x - s.apart(id, layer[p+1])
	}
	return low, max(low, high)
}
