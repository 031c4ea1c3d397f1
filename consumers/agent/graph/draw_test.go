package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestPictureShowsWhatLangGraphShows(t *testing.T) {
	t.Parallel()
	route := func(graph.State) ([]string, error) { return nil, nil }
	g := graph.New(path, total).
		Node("agent", visit(t)).Node("tools", visit(t)).
		Edge(graph.Start, "agent").Edge("tools", "agent").
		LabeledBranch("agent", route, map[string]string{"continue": "tools", "exit": graph.End}).
		InterruptBefore("tools")
	require.Equal(t, `---
config:
  flowchart:
    curve: linear
---
graph TD;
	__start__([<p>__start__</p>]):::first
	agent(agent)
	tools(tools<hr/><small><em>__interrupt = before</em></small>)
	__end__([<p>__end__</p>]):::last
	__start__ --> agent;
	agent -. &nbsp;exit&nbsp; .-> __end__;
	agent -. &nbsp;continue&nbsp; .-> tools;
	tools --> agent;
	classDef default fill:#f2f0ff,line-height:1.2
	classDef first fill-opacity:0
	classDef last fill:#bfb6fc
`, picture.Mermaid(g.Picture(), picture.MermaidOptions{}))
}
