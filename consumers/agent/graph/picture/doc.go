// Package picture draws state graphs: as Mermaid text in LangGraph's shape, as SVG and as PNG.
//
// It calls no program, no browser and no server, and the same graph always gives the same bytes.
// Names may be hostile: SVG and PNG only ever show them.
package picture
