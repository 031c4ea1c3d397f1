package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// What the engine must remember between super-steps is part of the state, under keys that no graph can have:
// so it is replayed and forked like everything else.
const (
	joinPrefix  = "__join__:"
	deferredKey = "__deferred__"
)

func hidden(key string) bool { return key == deferredKey || strings.HasPrefix(key, joinPrefix) }

func (j join) key() string { return joinPrefix + strings.Join(j.from, "+") + ":" + j.to }

// Shown says whether a key is the graph's own, rather than one that the engine keeps for itself.
func Shown(key string) bool { return !hidden(key) }

// Visible returns the state without what the engine keeps for itself. It may be the state itself.
func (s State) Visible() State {
	kept := false
	for k := range s {
		kept = kept || hidden(k)
	}
	if s != nil && !kept {
		return s
	}
	out := State{}
	for k, v := range s {
		if !hidden(k) {
			out[k] = v
		}
	}
	return out
}

// settle completes the targets that the finished nodes have named: joins that are complete are added, deferred nodes wait until
// nothing else is left. It returns the writes that remember the rest.
func (g *Graph) settle(s State, nodes []string, next []checkpoint.Target) ([]checkpoint.Target, []checkpoint.Write, error) {
	var writes []checkpoint.Write
	for _, j := range g.joins {
		w, complete, err := j.arrive(s, nodes)
		if err != nil {
			return nil, nil, err
		}
		writes = append(writes, w...)
		if complete && j.to != End {
			next = append(next, checkpoint.Target{Node: j.to})
		}
	}
	next, w, err := g.postpone(s, tidy(next))
	return next, append(writes, w...), err
}

// arrive notes the nodes that have run. A complete join begins again.
func (j join) arrive(s State, nodes []string) ([]checkpoint.Write, bool, error) {
	key := Value[[]string](j.key())
	there, err := key.Get(s)
	if err != nil {
		return nil, false, err
	}
	now := slices.Clone(there)
	for _, n := range nodes {
		if slices.Contains(j.from, n) && !slices.Contains(now, n) {
			now = append(now, n)
		}
	}
	if len(now) == len(there) {
		return nil, false, nil
	}
	complete := len(now) == len(j.from)
	if complete {
		now = []string{}
	}
	w, err := key.Set(now)
	return []checkpoint.Write{w}, complete, err
}

// postpone keeps deferred targets back until there is nothing else to do.
func (g *Graph) postpone(s State, next []checkpoint.Target) ([]checkpoint.Target, []checkpoint.Write, error) {
	var waiting []checkpoint.Target
	raw := s[deferredKey]
	if len(raw) == 0 && !slices.ContainsFunc(next, g.deferred) {
		return next, nil, nil
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &waiting); err != nil {
			return nil, nil, fmt.Errorf("%w: reading deferred nodes: %w", ErrState, err)
		}
	}
	before := len(waiting)
	now := []checkpoint.Target{}
	for _, t := range next {
		if g.deferred(t) {
			waiting = append(waiting, t)
		} else {
			now = append(now, t)
		}
	}
	if len(now) == 0 {
		now, waiting = tidy(waiting), []checkpoint.Target{}
	}
	if len(waiting) == before {
		return now, nil, nil
	}
	value, err := json.Marshal(waiting)
	return now, []checkpoint.Write{{Key: deferredKey, Value: value, Overwrite: true}}, err
}

// deferred says whether a target has to wait. What is sent runs at once, as in LangGraph.
func (g *Graph) deferred(t checkpoint.Target) bool {
	return t.Input == nil && g.nodes[t.Node] != nil && g.nodes[t.Node].deferred
}

// tidy puts targets into LangGraph's order of tasks: nodes by name and once each, then what was sent, in the order of sending.
func tidy(targets []checkpoint.Target) []checkpoint.Target {
	out := []checkpoint.Target{}
	var sent []checkpoint.Target
	seen := map[string]bool{}
	for _, t := range targets {
		switch {
		case t.Input != nil:
			sent = append(sent, t)
		case !seen[t.Node]:
			seen[t.Node] = true
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b checkpoint.Target) int { return strings.Compare(a.Node, b.Node) })
	return append(out, sent...)
}
