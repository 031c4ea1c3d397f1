package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// The ends of a graph, by LangGraph's names.
const (
	Start = "__start__"
	End   = "__end__"
)

// All stands for every node in a list of breakpoints.
const All = "*"

// NodeFunc does the work of a node. It may run again after a crash: effects belong into the update.
// An error ends the run, unless it is the one of Task.Interrupt, which the node must return.
type NodeFunc func(ctx context.Context, t *Task) (Update, error)

// RouteFunc names the next nodes, or their labels on a LabeledBranch. It sees the state with the writes of its own node applied.
type RouteFunc func(s State) ([]string, error)

// FanOutFunc sends inputs to nodes, each of which becomes a task of its own. It sees what a RouteFunc sees.
type FanOutFunc func(s State) ([]Send, error)

// Send is a task with an input of its own.
type Send struct {
	Node  string
	Input json.RawMessage
}

// Update is what a node returns.
type Update struct {
	Writes []checkpoint.Write
	// Goto replaces the edges of the node when it is not nil.
	Goto []string
	// Also adds to the edges of the node, as LangGraph's Command(goto) does.
	Also []string
	// Sends are further tasks of the next super-step. They do not replace the edges.
	Sends []Send
	// Receipts are stored with the super-step.
	Receipts []checkpoint.Receipt
	// Notes are for the owner's hook. They are not part of the state.
	Notes []any
}

type branch struct {
	route   RouteFunc
	fanOut  FanOutFunc
	targets []string
	// labels map what route returns to targets, where a node has them.
	labels map[string]string
}

type join struct {
	from []string
	to   string
}

// Graph is a graph under construction and, after Validate, ready to run. It must not change while it runs.
type Graph struct {
	version       string
	once          sync.Once
	id            string
	keys          map[string]Key
	nodes         map[string]*node
	order         []string
	edges         map[string][]string
	branches      map[string][]branch
	joins         []join
	protected     map[string]bool
	before, after []string
	errs          []error
}

// New returns a graph with the given keys and no nodes.
func New(keys ...Key) *Graph {
	g := &Graph{keys: map[string]Key{}, nodes: map[string]*node{}, edges: map[string][]string{}, branches: map[string][]branch{}, protected: map[string]bool{}}
	for _, k := range keys {
		g.keys[k.Name()] = k
	}
	return g
}

// Edge adds an edge that is always taken. From may be Start, to may be End.
func (g *Graph) Edge(from, to string) *Graph {
	g.edges[from] = append(g.edges[from], to)
	return g
}

// Join adds an edge that is taken when all of from have run, in whatever super-steps, and then waits for all of them again.
func (g *Graph) Join(from []string, to string) *Graph {
	g.joins = append(g.joins, join{slices.Sorted(slices.Values(from)), to})
	return g
}

// Branch adds conditional edges to the targets, which Validate checks and pictures show.
func (g *Graph) Branch(from string, route RouteFunc, targets ...string) *Graph {
	g.branches[from] = append(g.branches[from], branch{route: route, targets: targets})
	return g
}

// LabeledBranch adds conditional edges whose route returns labels.
func (g *Graph) LabeledBranch(from string, route RouteFunc, targets map[string]string) *Graph {
	g.branches[from] = append(g.branches[from], branch{route: route, targets: slices.Sorted(maps.Values(targets)), labels: targets})
	return g
}

// FanOut adds conditional edges that send inputs to the targets.
func (g *Graph) FanOut(from string, fn FanOutFunc, targets ...string) *Graph {
	g.branches[from] = append(g.branches[from], branch{fanOut: fn, targets: targets})
	return g
}

// InterruptBefore stops every run before the named nodes, or All, until it is told to go on.
func (g *Graph) InterruptBefore(nodes ...string) *Graph {
	g.before = append(g.before, nodes...)
	return g
}

// InterruptAfter stops every run after the super-step of the named nodes, or of All, until it is told to go on.
func (g *Graph) InterruptAfter(nodes ...string) *Graph {
	g.after = append(g.after, nodes...)
	return g
}

// Validate reports what cannot run: edges to nowhere, names given twice, no way in.
func (g *Graph) Validate() error {
	errs := slices.Clone(g.errs)
	known := func(what, name string) {
		if g.nodes[name] == nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", what, name, ErrUnknownNode))
		}
	}
	source := func(what, name string) {
		if name != Start {
			known(what, name)
		}
	}
	target := func(what, name string) {
		if name != End {
			known(what, name)
		}
	}
	if len(g.edges[Start]) == 0 && len(g.branches[Start]) == 0 {
		errs = append(errs, errors.New("graph has no edge from the start"))
	}
	for from, targets := range g.edges {
		source("edge from", from)
		for _, to := range targets {
			target("edge to", to)
		}
	}
	for from, list := range g.branches {
		source("branch from", from)
		for _, b := range list {
			for _, to := range b.targets {
				target("branch to", to)
			}
		}
	}
	for _, j := range g.joins {
		for _, from := range j.from {
			known("join from", from)
		}
		target("join to", j.to)
	}
	for name, n := range g.nodes {
		for _, to := range n.destinations {
			target("destination of "+name, to)
		}
	}
	for _, name := range slices.Concat(g.before, g.after) {
		if name != All {
			known("interrupt at", name)
		}
	}
	return errors.Join(errs...)
}

// Protect keeps writes from outside away from keys: what they hold is decided by nodes alone.
func (g *Graph) Protect(keys ...string) *Graph {
	for _, k := range keys {
		g.protected[k] = true
	}
	return g
}

// Write returns a write of JSON that comes from outside to a key: an ErrUnknownKey, or an ErrState for what the key cannot hold.
func (g *Graph) Write(key string, value json.RawMessage) (checkpoint.Write, error) {
	k := g.keys[key]
	if k == nil {
		return checkpoint.Write{}, fmt.Errorf("writing %q: %w", key, ErrUnknownKey)
	}
	if g.protected[key] {
		return checkpoint.Write{}, fmt.Errorf("writing %q: %w: the key is the graph's own", key, ErrState)
	}
	if err := k.check(value); err != nil {
		return checkpoint.Write{}, fmt.Errorf("writing %q: %w: %w", key, ErrState, err)
	}
	return checkpoint.Write{Key: key, Value: value}, nil
}

// check refuses writes that no store could keep.
func (g *Graph) check(writes []checkpoint.Write) error {
	for _, w := range writes {
		if g.keys[w.Key] == nil {
			return fmt.Errorf("%w: writing %q: %w", ErrState, w.Key, ErrUnknownKey)
		}
		if !json.Valid(w.Value) {
			return fmt.Errorf("%w: writing %q: no JSON", ErrState, w.Key)
		}
	}
	return nil
}

// apply returns the state after the writes of one super-step. Its error is an ErrState.
func (g *Graph) apply(s State, writes []checkpoint.Write) (State, error) {
	out := maps.Clone(s)
	if out == nil {
		out = State{}
	}
	if len(writes) > 1 {
		writes = slices.Clone(writes)
		slices.SortStableFunc(writes, func(a, b checkpoint.Write) int { return strings.Compare(a.Key, b.Key) })
	}
	for len(writes) > 0 {
		name, n := writes[0].Key, 1
		for n < len(writes) && writes[n].Key == name {
			n++
		}
		k := g.key(name)
		if k == nil {
			return nil, fmt.Errorf("%w: writing %q: %w", ErrState, name, ErrUnknownKey)
		}
		v, err := reduceKey(k, s[name], writes[:n])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrState, err)
		}
		out[name], writes = v, writes[n:]
	}
	return out, nil
}

func (g *Graph) key(name string) Key {
	if hidden(name) {
		return Value[[]string](name)
	}
	return g.keys[name]
}

// reduceKey lets an overwrite take the place of all reduced writes of its step, as LangGraph does.
func reduceKey(k Key, old []byte, list []checkpoint.Write) (value []byte, err error) {
	defer recovering(&err)
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
