package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// The ends of a graph, by LangGraph's names.
const (
	Start = "__start__"
	End   = "__end__"
)

// NodeFunc does the work of a node. It may run again after a crash: effects belong into the update.
// An error ends the run, unless it is the one of Task.Interrupt, which the node must return.
type NodeFunc func(ctx context.Context, t *Task) (Update, error)

// RouteFunc names the next nodes. It sees the state with the writes of its own node applied.
type RouteFunc func(s State) ([]string, error)

// Update is what a node returns.
type Update struct {
	Writes []checkpoint.Write
	// Goto replaces the edges of the node when it is not nil.
	Goto []string
	// Receipts are stored with the super-step.
	Receipts []checkpoint.Receipt
	// Notes are for the owner's hook. They are not part of the state.
	Notes []any
}

type branch struct {
	route   RouteFunc
	targets []string
}

// Graph is a graph under construction and, after Validate, ready to run. It must not change while it runs.
type Graph struct {
	keys     map[string]Key
	nodes    map[string]NodeFunc
	edges    map[string][]string
	branches map[string]branch
	before   map[string]bool
}

// New returns a graph with the given keys and no nodes.
func New(keys ...Key) *Graph {
	g := &Graph{
		keys: map[string]Key{}, nodes: map[string]NodeFunc{}, edges: map[string][]string{},
		branches: map[string]branch{}, before: map[string]bool{},
	}
	for _, k := range keys {
		g.keys[k.Name()] = k
	}
	return g
}

// Node adds a node.
func (g *Graph) Node(name string, fn NodeFunc) *Graph {
	g.nodes[name] = fn
	return g
}

// Edge adds an edge that is always taken. From may be Start, to may be End.
func (g *Graph) Edge(from, to string) *Graph {
	g.edges[from] = append(g.edges[from], to)
	return g
}

// Branch adds conditional edges to the targets, which Validate checks and pictures show.
func (g *Graph) Branch(from string, route RouteFunc, targets ...string) *Graph {
	g.branches[from] = branch{route, targets}
	return g
}

// InterruptBefore stops every run before the named nodes until it is told to go on.
func (g *Graph) InterruptBefore(nodes ...string) *Graph {
	for _, n := range nodes {
		g.before[n] = true
	}
	return g
}

// Validate reports edges to nowhere and nodes without a way out.
func (g *Graph) Validate() error {
	var errs []error
	known := func(what, name string) {
		if name != End && g.nodes[name] == nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", what, name, ErrUnknownNode))
		}
	}
	if len(g.edges[Start]) == 0 && g.branches[Start].route == nil {
		errs = append(errs, errors.New("graph has no edge from the start"))
	}
	for from, targets := range g.edges {
		if from != Start {
			known("edge from", from)
		}
		for _, to := range targets {
			known("edge to", to)
		}
	}
	for from, b := range g.branches {
		if from != Start {
			known("branch from", from)
		}
		for _, to := range b.targets {
			known("branch to", to)
		}
	}
	for name := range g.before {
		known("interrupt before", name)
	}
	return errors.Join(errs...)
}

// next returns where a finished node leads to.
func (g *Graph) next(node string, u Update, s State) ([]string, error) {
	targets := u.Goto
	if targets == nil {
		targets = slices.Clone(g.edges[node])
		if b, ok := g.branches[node]; ok {
			own, err := g.apply(s, u.Writes)
			if err != nil {
				return nil, err
			}
			more, err := b.route(own)
			if err != nil {
				return nil, fmt.Errorf("choosing the way from %s: %w", node, err)
			}
			targets = append(targets, more...)
		}
	}
	out := []string{}
	for _, to := range targets {
		if to == End {
			continue
		}
		if g.nodes[to] == nil {
			return nil, fmt.Errorf("going from %s to %s: %w", node, to, ErrUnknownNode)
		}
		out = append(out, to)
	}
	return out, nil
}

// apply returns the state after the writes of one super-step. Its error is an ErrState.
func (g *Graph) apply(s State, writes []checkpoint.Write) (State, error) {
	out := maps.Clone(s)
	if out == nil {
		out = State{}
	}
	byKey := map[string][]checkpoint.Write{}
	for _, w := range writes {
		if g.keys[w.Key] == nil {
			return nil, fmt.Errorf("%w: writing %q: %w", ErrState, w.Key, ErrUnknownKey)
		}
		byKey[w.Key] = append(byKey[w.Key], w)
	}
	for name, list := range byKey {
		v, err := reduceKey(g.keys[name], s[name], list)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrState, err)
		}
		out[name] = v
	}
	return out, nil
}

// reduceKey lets an overwrite take the place of all reduced writes of its step, as LangGraph does.
func reduceKey(k Key, old []byte, list []checkpoint.Write) ([]byte, error) {
	var values []json.RawMessage
	var over *checkpoint.Write
	for i, w := range list {
		if !w.Overwrite {
			values = append(values, w.Value)
			continue
		}
		if over != nil {
			return nil, fmt.Errorf("reducing %s: %w", k.Name(), ErrConcurrentWrite)
		}
		over = &list[i]
	}
	if over != nil {
		return over.Value, nil
	}
	return k.reduce(old, values)
}
