package picture_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

// definition is a graph of testdata/cases.json, which LangGraph draws as well.
type definition struct {
	Name          string      `json:"name"`
	Nodes         []node      `json:"nodes"`
	Edges         [][2]source `json:"edges"`
	Branches      []branch    `json:"branches"`
	Before        []string    `json:"before,omitempty"`
	After         []string    `json:"after,omitempty"`
	Curve         string      `json:"curve,omitempty"`
	WithoutStyles bool        `json:"without_styles,omitempty"`
}

type node struct {
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Defer    bool              `json:"defer,omitempty"`
}

type branch struct {
	Source string      `json:"source"`
	Paths  [][2]string `json:"paths"` // label, target
}

// source is a name, or the names that a join waits for.
type source []string

func (s *source) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*s = source{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

func (s source) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]string(s))
}

func definitions(t testing.TB) []definition {
	t.Helper()
	raw, err := os.ReadFile("testdata/cases.json")
	require.NoError(t, err)
	var out []definition
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

func named(t testing.TB, name string) picture.Graph {
	t.Helper()
	all := definitions(t)
	i := slices.IndexFunc(all, func(d definition) bool { return d.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return all[i].graph()
}

func (d definition) graph() picture.Graph {
	g := picture.Graph{Nodes: []picture.Node{{ID: picture.Start, Name: picture.Start}}}
	for _, n := range d.Nodes {
		g.Nodes = append(g.Nodes, picture.Node{ID: n.Name, Metadata: n.Metadata, Defer: n.Defer, Interrupt: d.interrupt(n.Name)})
	}
	for i, e := range d.Edges {
		for _, source := range e[0] {
			edge := picture.Edge{Source: source, Target: e[1][0]}
			if len(e[0]) > 1 {
				edge.Join = i + 1
			}
			g.Edges = append(g.Edges, edge)
		}
	}
	for _, b := range d.Branches {
		for _, p := range b.Paths {
			g.Edges = append(g.Edges, picture.Edge{Source: b.Source, Target: p[1], Label: p[0], Conditional: true})
		}
	}
	return g
}

func (d definition) interrupt(node string) string {
	before, after := slices.Contains(d.Before, node), slices.Contains(d.After, node)
	switch {
	case before && after:
		return "before,after"
	case before:
		return "before"
	case after:
		return "after"
	}
	return ""
}
