package picture_test

import (
	"fmt"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func ExampleMermaid() {
	fmt.Print(picture.Mermaid(picture.Graph{
		Nodes: []picture.Node{{ID: picture.Start}, {ID: "agent"}, {ID: "tools", Interrupt: "before"}},
		Edges: []picture.Edge{
			{Source: picture.Start, Target: "agent"},
			{Source: "agent", Target: "tools", Label: "continue", Conditional: true},
			{Source: "agent", Target: picture.End, Label: "exit", Conditional: true},
			{Source: "tools", Target: "agent"},
		},
	}, picture.MermaidOptions{}))
	// Output:
	// ---
	// config:
	//   flowchart:
	//     curve: linear
	// ---
	// graph TD;
	// 	__start__([<p>__start__</p>]):::first
	// 	agent(agent)
	// 	tools(tools<hr/><small><em>__interrupt = before</em></small>)
	// 	__end__([<p>__end__</p>]):::last
	// 	__start__ --> agent;
	// 	agent -. &nbsp;exit&nbsp; .-> __end__;
	// 	agent -. &nbsp;continue&nbsp; .-> tools;
	// 	tools --> agent;
	// 	classDef default fill:#f2f0ff,line-height:1.2
	// 	classDef first fill-opacity:0
	// 	classDef last fill:#bfb6fc
}
