package picture

import (
	"maps"
	"slices"
)

// rounds is how many super-steps LangGraph plays through before it draws a graph that does not come to an end.
const rounds = 251

// channel is what makes a node run: one for all its edges, and one for each join.
type channel struct {
	target string
	join   int
}

// entry is an edge as it is known by the channel that it writes to.
type entry struct {
	channel
	label       string
	conditional bool
}

// player plays a graph through.
type player struct {
	leaving  map[string][]Edge
	deferred map[string]bool
	channels map[string][]channel        // of each node
	joins    map[channel]map[string]bool // the sources that a join waits for

	ran     map[string]bool
	arrived map[channel]map[string]bool // the sources that have written since the target ran
	known   map[string]map[entry]bool   // what each source wrote when it ran last
	last    []string                    // the nodes of the last super-step
	drawn   map[Edge]bool
}

func play(g Graph) *player {
	p := &player{
		leaving: map[string][]Edge{}, deferred: map[string]bool{}, channels: map[string][]channel{}, joins: map[channel]map[string]bool{},
		ran: map[string]bool{}, arrived: map[channel]map[string]bool{}, known: map[string]map[entry]bool{}, drawn: map[Edge]bool{},
	}
	for _, n := range g.Nodes {
		p.deferred[n.ID] = n.Defer
	}
	for _, e := range g.Edges {
		c := channel{e.Target, e.Join}
		p.leaving[e.Source] = append(p.leaving[e.Source], e)
		if !slices.Contains(p.channels[e.Target], c) {
			p.channels[e.Target] = append(p.channels[e.Target], c)
		}
		if e.Join > 0 {
			mark(p.joins, c, e.Source)
		}
	}
	tasks := []string{Start}
	for round := 0; len(tasks) > 0 && round < rounds; round++ {
		tasks = p.step(tasks)
	}
	return p
}

func mark[K, V comparable](sets map[K]map[V]bool, key K, value V) {
	if sets[key] == nil {
		sets[key] = map[V]bool{}
	}
	sets[key][value] = true
}

// step runs the tasks of a super-step and returns those of the next. Deferred nodes run when no other does.
func (p *player) step(tasks []string) []string {
	p.last = tasks
	updated := map[channel]bool{}
	for _, task := range tasks {
		p.run(task, updated)
	}
	next := p.ready(updated, false)
	if len(next) == 0 {
		next = p.ready(p.all(), true)
	}
	for _, node := range next {
		p.draw(node)
		for _, c := range p.channels[node] {
			if p.complete(c) {
				delete(p.arrived, c)
			}
		}
	}
	return next
}

// run follows all unconditional edges of a node each time, and the conditional ones the first time.
func (p *player) run(task string, updated map[channel]bool) {
	p.known[task] = map[entry]bool{}
	for _, e := range p.leaving[task] {
		switch {
		case e.Target != End:
			c := channel{e.Target, e.Join}
			if !p.hidden(e) {
				p.known[task][entry{c, e.Label, e.Conditional}] = true
			}
			if !e.Conditional || !p.ran[task] {
				mark(p.arrived, c, task)
				updated[c] = true
			}
		case e.Conditional:
			p.drawn[Edge{Source: task, Target: End, Label: e.Label, Conditional: true}] = true
		}
	}
	p.ran[task] = true
}

// hidden says whether LangGraph takes an unconditional edge for the conditional one to the same node, as it does the first time.
func (p *player) hidden(e Edge) bool {
	same := func(o Edge) bool { return o.Conditional && o.Target == e.Target }
	return !e.Conditional && e.Join == 0 && !p.ran[e.Source] && slices.ContainsFunc(p.leaving[e.Source], same)
}

func (p *player) all() map[channel]bool {
	out := map[channel]bool{}
	for c := range p.arrived {
		out[c] = true
	}
	return out
}

// ready are the nodes, deferred or not, that one of the channels makes run.
func (p *player) ready(channels map[channel]bool, deferred bool) []string {
	out := map[string]bool{}
	for c := range channels {
		if p.deferred[c.target] == deferred && p.complete(c) {
			out[c.target] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

func (p *player) complete(c channel) bool {
	return len(p.arrived[c]) > 0 && len(p.arrived[c]) >= len(p.joins[c])
}

// draw adds the edges by which a node came to run. If none of them is of the super-step before, as can be with deferred nodes,
// LangGraph infers dashed ones from all nodes of that step.
func (p *player) draw(node string) {
	added := false
	for source, entries := range p.known {
		for e := range entries {
			if e.target != node {
				continue
			}
			p.drawn[Edge{Source: source, Target: node, Label: e.label, Conditional: e.conditional}] = true
			if slices.Contains(p.last, source) {
				added = true
			} else {
				delete(entries, e)
			}
		}
	}
	if added {
		return
	}
	for _, source := range p.last {
		p.drawn[Edge{Source: source, Target: node, Conditional: true}] = true
	}
}
