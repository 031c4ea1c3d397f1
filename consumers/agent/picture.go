package agent

import (
	"slices"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
	"github.com/ragline/ragline/consumers/agent/react"
)

// Picture is the agent's graph for drawing. It needs nothing that runs.
//
// Its nodes stand in the order in which a run comes by them, for the order of their definition is another one each time.
func Picture() picture.Graph {
	g := react.New(react.Deps{}).Picture()
	order := []string{picture.Start}
	edges := picture.Normalize(g).Edges
	for i := 0; i < len(order); i++ {
		for _, e := range edges {
			if e.Source == order[i] && !slices.Contains(order, e.Target) {
				order = append(order, e.Target)
			}
		}
	}
	slices.SortFunc(g.Nodes, func(a, b picture.Node) int { return slices.Index(order, a.ID) - slices.Index(order, b.ID) })
	return g
}
