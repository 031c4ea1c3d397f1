package graph_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

// random is a graph that ends: edges lead on, and what leads back does so a few times only.
func random(seed uint64) caseOf {
	r := rand.New(rand.NewPCG(seed, 4)) //nolint:gosec // to be repeated
	names := []string{"a", "b", "c", "d", "e", "f"}[:3+r.IntN(4)]
	c := caseOf{Name: fmt.Sprintf("random %d", seed), Nodes: nodes{}, Edges: [][2]string{{"__start__", "a"}}}
	if r.IntN(2) == 0 {
		c.Edges = append(c.Edges, [2]string{"__start__", "b"})
	}
	chance := func(n int) bool { return r.IntN(n) == 0 }
	deferring := chance(3) // LangGraph does not wait for what was sent
	for i, name := range names {
		later := func() string { return names[i+1+r.IntN(len(names)-i-1)] }
		n := nodeCase{See: chance(3), Best: r.IntN(9)}
		if chance(4) {
			n.Ask = []string{"q" + name}
		}
		if n.Ask == nil && chance(4) { // LangGraph forgets the answer when it retries
			n.Fail, n.Retry = 1+r.IntN(2), 3
		}
		if last := i == len(names)-1; !last {
			for range r.IntN(3) {
				c.Edges = append(c.Edges, [2]string{name, later()})
			}
			if chance(3) {
				n.Goto = []string{later()}
			}
			for range r.IntN(3) {
				if !deferring && chance(2) {
					n.Sends = append(n.Sends, [2]string{later(), strconv.Itoa(r.IntN(9))})
				}
			}
			if i > 0 && chance(3) {
				c.Joins = append(c.Joins, joinCase{From: []string{names[r.IntN(i)], name}, To: later()})
			}
			n.Defer = deferring && i > 0 && chance(2)
		}
		if chance(4) {
			c.Branches = append(c.Branches, branchCase{From: name, To: [][]string{
				{names[r.IntN(len(names))]}, {names[r.IntN(len(names))], "__end__"}, {"__end__"},
			}})
		}
		c.Nodes[name] = n
	}
	if chance(3) {
		c.Before = []string{names[r.IntN(len(names))]}
	}
	c.Steps = []stepCase{input("in")}
	for range 8 {
		c.Steps = append(c.Steps, stepCase{Do: "yes"})
	}
	return c
}

func TestRandomGraphsEndAsInLangGraph(t *testing.T) {
	t.Parallel()
	var list []caseOf
	for seed := range uint64(150) {
		list = append(list, random(seed))
	}
	want := oracle(t, list)
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got := newPlay(t, c, checkpoint.NewMemory(), graph.Config{}).run()
			require.Equal(t, indented(t, shown(want[c.Name])), indented(t, shown(got)), "%s", indented(t, c))
		})
	}
}

// shown leaves out what LangGraph still shows of answered questions.
func shown(r resultOf) resultOf {
	for i := range r.Steps {
		r.Steps[i].Asks = nil
	}
	return r
}

// stumbling is a store whose commits fail at random, before or after they are stored.
type stumbling struct {
	checkpoint.Store
	mu  sync.Mutex
	rnd *rand.Rand
}

func (s *stumbling) Commit(ctx context.Context, c checkpoint.Commit) error {
	s.mu.Lock()
	luck := s.rnd.IntN(6)
	s.mu.Unlock()
	if c.Status == checkpoint.StatusFailed { // the test's own
		luck = 5
	}
	if luck == 0 {
		return errCrash
	}
	if err := s.Store.Commit(ctx, c); err != nil || luck > 1 {
		return err
	}
	return errCrash
}

// TestCrashesChangeNothing runs random graphs on a store that crashes, and once on one that does not.
func TestCrashesChangeNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			c := random(seed)
			want := newPlay(t, c, checkpoint.NewMemory(), graph.Config{}).run()
			p := newPlay(t, c, &stumbling{Store: checkpoint.NewMemory(), rnd: rand.New(rand.NewPCG(seed, 5))}, graph.Config{SnapshotEvery: 2}) //nolint:gosec // to be repeated
			p.crash = true
			got := p.run()
			for i := range got.Steps { // what ran again is known to
				want.Steps[i].Ran, got.Steps[i].Ran = nil, nil
			}
			require.Equal(t, indented(t, want), indented(t, got), "%s", indented(t, c))
		})
	}
}
