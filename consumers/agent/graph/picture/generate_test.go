package picture_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

// tangle is a graph of n nodes with branches, joins and ways back.
func tangle(n int, seed uint64) picture.Graph {
	r := rand.New(rand.NewPCG(seed, 2))
	id := func(i int) string { return fmt.Sprintf("node_%d", i) }
	g := picture.Graph{Nodes: []picture.Node{{ID: picture.Start}}}
	for i := range n {
		g.Nodes = append(g.Nodes, picture.Node{ID: id(i)})
		source := picture.Start
		if i > 0 {
			source = id(max(0, i-1-r.IntN(5)))
		}
		g.Edges = append(g.Edges, picture.Edge{Source: source, Target: id(i)})
		if i > 5 && i%3 == 0 {
			g.Edges = append(g.Edges, picture.Edge{Source: id(r.IntN(i)), Target: id(i), Label: fmt.Sprintf("case %d", i), Conditional: true})
		}
		if i > 5 && i%11 == 0 {
			g.Edges = append(g.Edges, picture.Edge{Source: id(i), Target: id(r.IntN(i)), Label: "again", Conditional: true})
		}
	}
	return g
}

// choices is a node with n labelled branches of several lengths.
func choices(n int) picture.Graph {
	g := picture.Graph{Nodes: []picture.Node{{ID: picture.Start}, {ID: "choose"}}, Edges: []picture.Edge{{Source: picture.Start, Target: "choose"}}}
	for i := range n {
		id := "target_" + strconv.Itoa(i)
		g.Nodes = append(g.Nodes, picture.Node{ID: id})
		g.Edges = append(g.Edges, picture.Edge{Source: "choose", Target: id, Label: strings.Repeat("when ", 1+i%4), Conditional: true})
		if i%3 == 0 {
			g.Edges = append(g.Edges, picture.Edge{Source: id, Target: "choose", Label: "back", Conditional: true})
		}
		if i > 2 && i%4 == 0 {
			g.Edges = append(g.Edges, picture.Edge{Source: id, Target: "target_" + strconv.Itoa(i-2)})
		}
	}
	return g
}

// complete is a graph in which every node leads to every node.
func complete(n int) picture.Graph {
	g := picture.Graph{Nodes: []picture.Node{{ID: picture.Start}}, Edges: []picture.Edge{{Source: picture.Start, Target: "0"}}}
	for i := range n {
		g.Nodes = append(g.Nodes, picture.Node{ID: strconv.Itoa(i)})
		for k := range n {
			g.Edges = append(g.Edges, picture.Edge{Source: strconv.Itoa(i), Target: strconv.Itoa(k), Label: "go", Conditional: true})
		}
	}
	return g
}

// random is a small graph with everything that changes what LangGraph draws: nodes out of reach, loops, joins, deferred nodes.
func random(seed uint64) definition {
	r := rand.New(rand.NewPCG(seed, 3))
	var ids []string
	for i := range 1 + r.IntN(7) {
		ids = append(ids, "n"+strconv.Itoa(i))
	}
	r.Shuffle(len(ids), func(i, k int) { ids[i], ids[k] = ids[k], ids[i] })
	some := func() string { return ids[r.IntN(len(ids))] }
	target := func() string { return append(ids, picture.End)[r.IntN(len(ids)+1)] }
	d := definition{Name: "random" + strconv.FormatUint(seed, 10), Edges: [][2]source{{{picture.Start}, {ids[0]}}}, Branches: []branch{}}
	for _, id := range ids {
		d.Nodes = append(d.Nodes, node{Name: id, Defer: seed%3 == 1 && r.IntN(4) == 0})
		if r.IntN(3) == 0 {
			b := branch{Source: id}
			for _, label := range []string{"x", "y", "z"}[r.IntN(3):] {
				b.Paths = append(b.Paths, [2]string{label, target()})
			}
			d.Branches = append(d.Branches, b)
		}
	}
	for range r.IntN(2 * len(ids)) {
		d.Edges = append(d.Edges, [2]source{{some()}, {target()}})
	}
	for range 2 * (seed % 3 / 2) {
		if a, b := some(), some(); a != b {
			d.Edges = append(d.Edges, [2]source{{a, b}, {some()}})
		}
	}
	return d
}
