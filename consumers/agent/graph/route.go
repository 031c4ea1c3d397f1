package graph

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// next returns where a finished node leads to by its edges, its branches and its update.
// Where a branch has to be asked, own is given the state with the node's writes, for who needs it again.
func (g *Graph) next(name string, u Update, s State, own *State) ([]checkpoint.Target, error) {
	lists, sends := [3][]string{u.Goto, u.Also}, u.Sends
	if u.Goto == nil {
		names, fanned, err := g.branch(name, u, s, own)
		if err != nil {
			return nil, err
		}
		lists[0], lists[2], sends = g.edges[name], names, slices.Concat(sends, fanned)
	}
	var out []checkpoint.Target
	for _, names := range lists {
		for _, to := range names {
			if to == End {
				continue
			}
			if g.nodes[to] == nil {
				return nil, fmt.Errorf("going from %s to %s: %w", name, to, ErrUnknownNode)
			}
			out = append(out, checkpoint.Target{Node: to})
		}
	}
	for _, to := range sends {
		if g.nodes[to.Node] == nil {
			return nil, fmt.Errorf("sending from %s to %s: %w", name, to.Node, ErrUnknownNode)
		}
		if to.Input == nil {
			to.Input = []byte("null")
		}
		if !json.Valid(to.Input) {
			return nil, fmt.Errorf("sending from %s to %s: %w: no JSON", name, to.Node, ErrState)
		}
		out = append(out, checkpoint.Target(to))
	}
	return out, nil
}

// branch asks the branches of a node, which see its writes.
func (g *Graph) branch(name string, u Update, s State, keep *State) (names []string, sends []Send, err error) {
	defer recovering(&err)
	list := g.branches[name]
	if len(list) == 0 {
		return nil, nil, nil
	}
	own, err := g.apply(s, u.Writes)
	if err != nil {
		return nil, nil, err
	}
	*keep = own
	own = own.Visible()
	for _, b := range list {
		if b.fanOut != nil {
			more, err := b.fanOut(own)
			if err != nil {
				return nil, nil, fmt.Errorf("fanning out from %s: %w", name, err)
			}
			sends = append(sends, more...)
			continue
		}
		more, err := b.route(own)
		if err != nil {
			return nil, nil, fmt.Errorf("choosing the way from %s: %w", name, err)
		}
		for _, label := range more {
			to, ok := b.target(label)
			if !ok {
				return nil, nil, fmt.Errorf("choosing the way from %s: %w: %s is no target of the branch", name, ErrUnknownNode, label)
			}
			names = append(names, to)
		}
	}
	return names, sends, nil
}

// target is what a route's answer means. A branch that declares no targets may go anywhere.
func (b branch) target(answer string) (string, bool) {
	if b.labels != nil {
		to, ok := b.labels[answer]
		return to, ok
	}
	return answer, len(b.targets) == 0 || slices.Contains(b.targets, answer)
}
