package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/graph"
)

var errBoom = errors.New("boom")

// play does a case on this engine, as the agent does it: runs are accepted with their input, failed runs are ended.
type play struct {
	t      *testing.T
	c      caseOf
	store  *watching
	engine *graph.Engine
	thread string
	runs   int
	// waiting is the run that waits for an answer.
	waiting *graph.Request
	// crash, if set, runs again what a crash of the store has ended.
	crash bool

	mu     sync.Mutex
	ran    []string
	failed map[string]int
}

func newPlay(t *testing.T, c caseOf, s checkpoint.Store, cfg graph.Config) *play {
	p := &play{t: t, c: c, store: &watching{Store: s, parked: map[string]chan struct{}{}}, thread: t.Name(), failed: map[string]int{}}
	p.engine = engine(t, p.graph(), p.store, cfg)
	return p
}

// watching is a store that tells which nodes' writes it has parked.
type watching struct {
	checkpoint.Store
	mu     sync.Mutex
	parked map[string]chan struct{}
}

func (s *watching) Commit(ctx context.Context, c checkpoint.Commit) error {
	err := s.Store.Commit(ctx, c)
	for _, task := range c.Tasks {
		for _, w := range task.Writes {
			var log []string
			if err == nil && w.Key == string(path) && json.Unmarshal(w.Value, &log) == nil && len(log) > 0 {
				s.gate(log[0], true)
			}
		}
	}
	return err
}

// gate returns a channel that is closed when the node's writes are parked, and closes it if told to.
func (s *watching) gate(node string, open bool) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.parked[node]
	if !ok {
		g = make(chan struct{})
		s.parked[node] = g
	}
	select {
	case <-g:
	default:
		if open {
			close(g)
		}
	}
	return g
}

func (p *play) graph() *graph.Graph {
	g := graph.New(path, total, best, word)
	for name, n := range p.c.Nodes {
		var options []graph.NodeOption
		if n.Defer {
			options = append(options, graph.Defer())
		}
		if n.Retry > 0 {
			options = append(options, graph.Retry(graph.RetryPolicy{
				Attempts: n.Retry, Initial: 1, NoJitter: true, On: func(err error) bool { return errors.Is(err, errBoom) },
			}))
		}
		g.Node(name, p.node(n), options...)
	}
	for _, e := range p.c.Edges {
		g.Edge(e[0], e[1])
	}
	for _, j := range p.c.Joins {
		g.Join(j.From, j.To)
	}
	for _, b := range p.c.Branches {
		if b.Labels != nil {
			g.LabeledBranch(b.From, b.choose, b.Labels)
		} else {
			g.Branch(b.From, b.choose)
		}
		if b.Sends != nil {
			g.FanOut(b.From, func(graph.State) ([]graph.Send, error) { return sends(b.Sends), nil })
		}
	}
	return g.InterruptBefore(p.c.Before...).InterruptAfter(p.c.After...)
}

func (b branchCase) choose(s graph.State) ([]string, error) {
	log, err := path.Get(s)
	visits := 0
	for _, entry := range log {
		name, _, _ := strings.Cut(entry, "<")
		name, _, _ = strings.Cut(name, ":")
		if name == b.From {
			visits++
		}
	}
	return b.To[min(max(visits-1, 0), len(b.To)-1)], err
}

func sends(list [][2]string) []graph.Send {
	var out []graph.Send
	for _, s := range list {
		raw, _ := json.Marshal(map[string]string{"input": s[1]}) //nolint:errchkjson // two strings
		out = append(out, graph.Send{Node: s[0], Input: raw})
	}
	return out
}

func (p *play) node(n nodeCase) graph.NodeFunc {
	return func(ctx context.Context, task *graph.Task) (graph.Update, error) {
		p.mu.Lock()
		p.ran = append(p.ran, task.Node)
		p.mu.Unlock()
		log, err := n.entries(task)
		if err == nil && n.Fail != 0 {
			err = p.fail(ctx, n, task.Node)
		}
		if err != nil {
			return graph.Update{}, err
		}
		return n.update(log)
	}
}

// entries are what a node logs.
func (n nodeCase) entries(task *graph.Task) ([]string, error) {
	entry := task.Node
	if task.Input != nil {
		var in struct{ Input string }
		if err := json.Unmarshal(task.Input, &in); err != nil {
			return nil, err
		}
		entry += ":" + in.Input
	}
	if n.See {
		seen, err := path.Get(task.State)
		if err != nil {
			return nil, err
		}
		if task.Input != nil {
			seen = nil // LangGraph hands it nothing else
		}
		entry += fmt.Sprintf("<%d", len(seen))
	}
	log := []string{entry}
	for _, question := range n.Ask {
		raw, err := task.Interrupt(question)
		if err != nil {
			return nil, err
		}
		var answer string
		if err := json.Unmarshal(raw, &answer); err != nil {
			return nil, err
		}
		log = append(log, question+"="+answer)
	}
	return log, nil
}

func (p *play) fail(ctx context.Context, n nodeCase, name string) error {
	if n.After != "" {
		select {
		case <-p.store.gate(n.After, false):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed[name]++
	if n.Fail < 0 || p.failed[name] <= n.Fail {
		return errBoom
	}
	return nil
}

func (n nodeCase) update(log []string) (graph.Update, error) {
	u := graph.Update{Also: n.Goto, Sends: sends(n.Sends)}
	var errs []error
	add := func(w checkpoint.Write, err error) {
		u.Writes, errs = append(u.Writes, w), append(errs, err)
	}
	if n.Replace != nil {
		add(path.Replace(n.Replace...))
	} else {
		add(path.Add(log...))
	}
	add(total.Update(1))
	if n.Word != "" {
		add(word.Set(n.Word))
	}
	if n.Best != 0 {
		add(best.Update(n.Best))
	}
	if n.Unknown != "" {
		add(graph.Value[string]("unknown").Set(n.Unknown))
	}
	return u, errors.Join(errs...)
}

// run does all steps and returns what became of them.
func (p *play) run() resultOf {
	var out resultOf
	for _, s := range p.c.Steps {
		p.ran = []string{}
		err := p.do(s)
		out.Steps = append(out.Steps, p.result(err))
	}
	out.History = p.history()
	return out
}

func (p *play) result(err error) stepResult {
	s, e := p.engine.State(p.t.Context(), p.thread, "")
	require.NoError(p.t, e)
	if kind(err) == "invalid" && len(p.ran) > 0 { // which of them have been parked is chance
		s, e = p.engine.State(p.t.Context(), p.thread, s.Checkpoint.ID)
		require.NoError(p.t, e)
	}
	out := stepResult{Error: kind(err), Ran: slices.Sorted(slices.Values(p.ran)), State: read(p.t, s.Values), Asks: []string{}}
	out.Next = slices.Sorted(slices.Values(s.Next()))
	for _, in := range s.Interrupts() {
		var question string
		require.NoError(p.t, json.Unmarshal(in.Value, &question))
		out.Asks = append(out.Asks, question)
	}
	slices.Sort(out.Asks)
	return tidied(out)
}

// tidied has no nil lists, as JSON has none.
func tidied(r stepResult) stepResult {
	for _, list := range []*[]string{&r.Ran, &r.Next, &r.Asks, &r.State.Log} {
		if *list == nil {
			*list = []string{}
		}
	}
	return r
}

func read(t *testing.T, s graph.State) values {
	t.Helper()
	v := values{Log: visited(t, s), Total: must(total.Get(s))(t), Best: must(best.Get(s))(t), Word: must(word.Get(s))(t)}
	if v.Log == nil {
		v.Log = []string{}
	}
	return v
}

// kind names an error as oracle.py does.
func kind(err error) string {
	var node *graph.NodeError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errSeveral):
		return "several"
	case errors.Is(err, graph.ErrRecursion):
		return "recursion"
	case errors.Is(err, graph.ErrInput):
		return "input"
	case errors.Is(err, errBoom):
		return "node"
	case errors.Is(err, graph.ErrUnknownKey):
		return "key"
	case errors.As(err, &node) && errors.Is(err, graph.ErrUnknownNode):
		return "route"
	case errors.Is(err, graph.ErrConcurrentWrite), errors.Is(err, graph.ErrAmbiguous), errors.Is(err, graph.ErrUnknownNode),
		errors.Is(err, checkpoint.ErrNotFound):
		return "invalid"
	default:
		return err.Error()
	}
}

func (p *play) history() []point {
	list, err := p.engine.History(p.t.Context(), p.thread, graph.HistoryQuery{Limit: 1000})
	require.NoError(p.t, err)
	slices.Reverse(list)
	place := map[string]int{"": -1}
	out := []point{}
	for i, s := range list {
		place[s.Checkpoint.ID] = i
		next := slices.Sorted(slices.Values(s.Next()))
		if next == nil {
			next = []string{}
		}
		out = append(out, point{
			Source: string(s.Checkpoint.Source), Step: s.Checkpoint.Step, Next: next, Log: read(p.t, s.Values).Log,
			Parent: place[s.Checkpoint.ParentID],
		})
	}
	return out
}
