// Package picture draws state graphs: as Mermaid text in LangGraph's shape, as SVG and as PNG.
//
// It calls no program, no browser and no server, and the same graph always gives the same bytes.
// Names may be hostile: SVG and PNG show them and do nothing else with them.
//
// A drawing goes through these steps: Normalize decides which edges there are, by playing the graph through as LangGraph does;
// rank gives each node a layer, order sorts the layers so that few edges cross, place moves nodes over each other,
// trace draws the edges, and a canvas, SVG or PNG, paints the scene.
package picture
