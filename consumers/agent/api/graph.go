package api

import "encoding/json"

// Graph is what the server shows of a graph that the backend runs.
type Graph struct {
	// ID is its name in langgraph.json; an assistant is made for each.
	ID          string
	Description string
	// Nodes are in the order in which pictures show them, with __start__ and __end__.
	Nodes []string
	Edges []Edge
	// The schemas are JSON Schema objects; nil is one that takes anything.
	Input, Output, State, Config, Context json.RawMessage
}

// Edge leads from one node to another.
type Edge struct {
	From, To    string
	Label       string
	Conditional bool
}
