package picture

import (
	"cmp"
	"slices"
)

// order sorts each layer so that few edges cross: by the mean place of the neighbours, from top to bottom and back,
// with swaps of adjacent items in between. The best of all rounds is kept.
func (s *sheet) order() {
	best, fewest := cloneLayers(s.layers), s.crossings()
	for round := range orderRounds {
		if fewest == 0 {
			break
		}
		if round%2 == 0 {
			for i := 1; i < len(s.layers); i++ {
				s.sortLayer(i, func(it item) []int { return it.up })
			}
		} else {
			for i := len(s.layers) - 2; i >= 0; i-- {
				s.sortLayer(i, func(it item) []int { return it.down })
			}
		}
		s.swap()
		if n := s.crossings(); n < fewest {
			best, fewest = cloneLayers(s.layers), n
		}
	}
	s.layers = best
}

const orderRounds = 24

// sortLayer sorts the items that have neighbours; the others keep their places.
func (s *sheet) sortLayer(layer int, neighbours func(item) []int) {
	position := s.positions()
	mean := func(id int) (float64, bool) {
		list := neighbours(s.items[id])
		sum := 0
		for _, n := range list {
			sum += position[n]
		}
		return float64(sum) / float64(max(1, len(list))), len(list) > 0
	}
	means := map[int]float64{}
	var moving []int
	for _, id := range s.layers[layer] {
		if m, ok := mean(id); ok {
			means[id] = m
			moving = append(moving, id)
		}
	}
	slices.SortStableFunc(moving, func(a, b int) int { return cmp.Compare(means[a], means[b]) })
	for i, id := range s.layers[layer] {
		if _, ok := means[id]; ok {
			s.layers[layer][i], moving = moving[0], moving[1:]
		}
	}
}

// swap exchanges adjacent items as long as that saves crossings.
func (s *sheet) swap() {
	position := s.positions()
	for better, round := true, 0; better && round < orderRounds; round++ {
		better = false
		for _, layer := range s.layers {
			for i := 1; i < len(layer); i++ {
				a, b := s.items[layer[i-1]], s.items[layer[i]]
				before := pairs(a.up, b.up, position) + pairs(a.down, b.down, position)
				after := pairs(b.up, a.up, position) + pairs(b.down, a.down, position)
				if after < before {
					layer[i-1], layer[i] = layer[i], layer[i-1]
					position[layer[i-1]], position[layer[i]] = i-1, i
					better = true
				}
			}
		}
	}
}

// pairs counts the crossings of the edges of an item with those of the next one on its right.
func pairs(left, right []int, position []int) int {
	n := 0
	for _, l := range left {
		for _, r := range right {
			if position[l] > position[r] {
				n++
			}
		}
	}
	return n
}

func (s *sheet) crossings() int {
	position := s.positions()
	n := 0
	for _, layer := range s.layers {
		n += inversions(s.targets(layer, position))
	}
	return n
}

// targets lists the places of all lower neighbours of a layer, from left to right.
func (s *sheet) targets(layer []int, position []int) []int {
	var out []int
	for _, id := range layer {
		from := len(out)
		for _, n := range s.items[id].down {
			out = append(out, position[n])
		}
		slices.Sort(out[from:])
	}
	return out
}

// inversions counts the pairs that are in the wrong order, by merging.
func inversions(list []int) int {
	if len(list) < 2 {
		return 0
	}
	a, b := slices.Clone(list[:len(list)/2]), slices.Clone(list[len(list)/2:])
	n := inversions(a) + inversions(b)
	slices.Sort(a)
	slices.Sort(b)
	for _, v := range a {
		i, _ := slices.BinarySearch(b, v)
		n += i
	}
	return n
}
