package graph_test

import (
	"slices"
	"strings"
)

// caseOf is a graph and what is done with it, as data: testdata/oracle.py reads the same and does the same with LangGraph.
// Every node writes its name to the log and adds one to the total.
type caseOf struct {
	Name string `json:"name"`
	// Rule is LangGraph's rule that the case holds.
	Rule string `json:"-"`
	// Differs says why this engine does something else. Empty when it does the same.
	Differs  string              `json:"-"`
	Nodes    map[string]nodeCase `json:"nodes"`
	Edges    [][2]string         `json:"edges"`
	Joins    []joinCase          `json:"joins"`
	Branches []branchCase        `json:"branches"`
	Before   []string            `json:"before"`
	After    []string            `json:"after"`
	Steps    []stepCase          `json:"steps"`
}

type nodeCase struct {
	Word    string   `json:"word"`
	Best    int      `json:"best"`
	Unknown string   `json:"unknown"`
	Replace []string `json:"replace"`
	// Ask are questions; the answers are logged.
	Ask []string `json:"ask"`
	// Fail is how many executions fail, -1 for all; After is the sibling that they wait for first.
	Fail  int         `json:"fail"`
	After string      `json:"after"`
	Goto  []string    `json:"goto"`
	Sends [][2]string `json:"sends"`
	Defer bool        `json:"defer"`
	// Retry is the number of attempts.
	Retry int `json:"retry"`
	// See logs how long the log was.
	See bool `json:"see"`
}

type joinCase struct {
	From []string `json:"from"`
	To   string   `json:"to"`
}

// branchCase goes to To[n] when From is in the log n+1 times, and to the last of To from then on.
type branchCase struct {
	From   string            `json:"from"`
	To     [][]string        `json:"to"`
	Labels map[string]string `json:"labels"`
	Sends  [][2]string       `json:"sends"`
}

type stepCase struct {
	// Do is invoke, continue, resume, yes (to all questions), command, update or bulk.
	Do      string            `json:"do"`
	Values  map[string]any    `json:"values"`
	Answers map[string]string `json:"answers"`
	// Plain answers the only question.
	Plain *string `json:"plain"`
	// At is the step of the checkpoint to start from: the newest of them, with the source if one is given.
	At      *int       `json:"at,omitempty"`
	Source  string     `json:"source,omitempty"`
	As      string     `json:"as,omitempty"`
	Updates []stepCase `json:"updates"`
	Goto    []string   `json:"goto"`
	Before  []string   `json:"before"`
	After   []string   `json:"after"`
	Limit   int        `json:"limit"`
}

// resultOf is what became of a case.
type resultOf struct {
	Steps   []stepResult `json:"steps"`
	History []point      `json:"history"`
}

type stepResult struct {
	Error string   `json:"error"`
	Ran   []string `json:"ran"`
	State values   `json:"state"`
	Next  []string `json:"next"`
	Asks  []string `json:"asks"`
}

type values struct {
	Log   []string `json:"log"`
	Total int      `json:"total"`
	Best  int      `json:"best"`
	Word  string   `json:"word"`
}

// point is a checkpoint; Parent is its parent's place in the history, oldest first.
type point struct {
	Source string   `json:"source"`
	Step   int      `json:"step"`
	Next   []string `json:"next"`
	Log    []string `json:"log"`
	Parent int      `json:"parent"`
}

type nodes map[string]nodeCase

// flow adds nodes and edges: "start>a>b,c b+c>d" is a start, a fork and a join.
func (c caseOf) flow(text string) caseOf {
	all := nodes{}
	for name, n := range c.Nodes {
		all[name] = n
	}
	add := func(name string) string {
		if name == "start" || name == "end" {
			return "__" + name + "__"
		}
		all[name] = all[name] //nolint:staticcheck // a node without an entry is a plain one
		return name
	}
	for _, chain := range strings.Fields(text) {
		hops := strings.Split(chain, ">")
		for i := range len(hops) - 1 {
			for _, to := range strings.Split(hops[i+1], ",") {
				if strings.Contains(hops[i], "+") {
					j := joinCase{To: add(to)}
					for _, from := range strings.Split(hops[i], "+") {
						j.From = append(j.From, add(from))
					}
					c.Joins = append(c.Joins, j)
					continue
				}
				for _, from := range strings.Split(hops[i], ",") {
					c.Edges = append(c.Edges, [2]string{add(from), add(to)})
				}
			}
		}
	}
	c.Nodes = all
	return c
}

func (c caseOf) does(steps ...stepCase) caseOf {
	c.Steps = append(slices.Clone(c.Steps), steps...)
	return c
}

var (
	invoke     = stepCase{Do: "invoke"}
	goOn       = stepCase{Do: "continue"}
	nothing    = map[string]any(nil)
	someValues = map[string]any{"log": []string{"edit"}, "total": 10}
)

func at(s stepCase, step int) stepCase { s.At = &step; return s }

func from(s stepCase, source string, step int) stepCase { s.Source = source; return at(s, step) }

func limit(s stepCase, n int) stepCase { s.Limit = n; return s }

func input(log ...string) stepCase {
	return stepCase{Do: "invoke", Values: map[string]any{"log": log}}
}

func answer(pairs ...string) stepCase {
	s := stepCase{Do: "resume", Answers: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		s.Answers[pairs[i]] = pairs[i+1]
	}
	return s
}

func plain(value string) stepCase { return stepCase{Do: "resume", Plain: &value} }

func update(values map[string]any, as string) stepCase {
	return stepCase{Do: "update", Values: values, As: as}
}
