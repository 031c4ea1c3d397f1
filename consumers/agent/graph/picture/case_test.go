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
	Name  string
	Nodes []struct {
		Name     string
		Metadata map[string]string
		Defer    bool
	}
	Edges    [][2]sources
	Branches []struct {
		Source string
		Paths  [][2]string // label, target
	}
	Before, After []string
	Curve         string
	WithoutStyles bool `json:"without_styles"`
	Drawn         bool
}

// sources is a name, or the names that a join waits for.
type sources []string

func (s *sources) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*s = sources{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
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
	for _, e := range d.Edges {
		for _, source := range e[0] {
			g.Edges = append(g.Edges, picture.Edge{Source: source, Target: e[1][0]})
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
