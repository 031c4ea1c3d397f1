package graph

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

type node struct {
	fn           NodeFunc
	retry        RetryPolicy
	timeout      TimeoutPolicy
	deferred     bool
	destinations []string
	metadata     map[string]string
}

// NodeOption changes how a node runs or is drawn.
type NodeOption func(*node)

// Node adds a node.
func (g *Graph) Node(name string, fn NodeFunc, options ...NodeOption) *Graph {
	switch {
	case name == Start || name == End || name == "" || hidden(name):
		g.errs = append(g.errs, fmt.Errorf("node name %q is reserved", name))
	case g.nodes[name] != nil:
		g.errs = append(g.errs, fmt.Errorf("node %s was added twice", name))
	}
	n := &node{fn: fn}
	for _, option := range options {
		option(n)
	}
	g.nodes[name] = n
	g.order = append(g.order, name)
	return g
}

// Retry runs a node again that has failed.
func Retry(p RetryPolicy) NodeOption {
	if p.Attempts == 0 {
		p.Attempts = 3
	}
	return func(n *node) { n.retry = p }
}

// Timeout bounds how long a node may take.
func Timeout(p TimeoutPolicy) NodeOption { return func(n *node) { n.timeout = p } }

// Defer runs a node only when the run would end otherwise: it sees what all other tasks have done.
func Defer() NodeOption { return func(n *node) { n.deferred = true } }

// Destinations are where a node goes by Goto, Also and Sends. Pictures show them; they are no edges.
func Destinations(nodes ...string) NodeOption {
	return func(n *node) { n.destinations = append(n.destinations, nodes...) }
}

// Metadata is shown with the node.
func Metadata(m map[string]string) NodeOption { return func(n *node) { n.metadata = m } }

// RetryPolicy says how often a failing node is tried. The defaults are LangGraph's. Nodes without a policy run once.
type RetryPolicy struct {
	// Attempts counts the first one. Defaults to 3.
	Attempts int
	// Initial is the wait after the first failure. Defaults to 500 ms.
	Initial time.Duration
	// Factor is by how much each wait is longer than the one before. Defaults to 2.
	Factor float64
	// Max bounds the wait. Defaults to 128 s.
	Max time.Duration
	// NoJitter takes out the random part, which is up to a second and shorter than the wait.
	NoJitter bool
	// On says which errors are worth another attempt. Nil stands for all but those that say that they are final.
	On func(error) bool
}

// ErrFinal marks an error that no further attempt can mend.
var ErrFinal = errors.New("final")

// again says whether the failure of an attempt, counted from 1, is worth another.
func (p RetryPolicy) again(attempt int, err error) bool {
	if attempt >= p.Attempts {
		return false
	}
	if p.On != nil {
		return p.On(err)
	}
	return !errors.Is(err, ErrFinal) && !errors.Is(err, ErrState)
}

// wait is the time between an attempt, counted from 1, and the next.
func (p RetryPolicy) wait(attempt int) time.Duration {
	initial, factor, most := p.Initial, p.Factor, p.Max
	if initial == 0 {
		initial = 500 * time.Millisecond
	}
	if factor == 0 {
		factor = 2
	}
	if most == 0 {
		most = 128 * time.Second
	}
	d := time.Duration(min(float64(initial)*math.Pow(factor, float64(attempt-1)), float64(most)))
	if p.NoJitter {
		return d
	}
	return d + time.Duration(rand.Int64N(int64(min(d, time.Second))+1))
}

// TimeoutPolicy bounds one attempt. Zero values do not.
type TimeoutPolicy struct {
	// Run bounds the whole attempt.
	Run time.Duration
	// Idle bounds the time between two signs of life: the start, Task.Emit and Task.Heartbeat.
	Idle time.Duration
}
