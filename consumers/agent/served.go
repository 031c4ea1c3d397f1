package agent

import (
	"context"
	"encoding/json"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/backend"
	"github.com/ragline/ragline/consumers/agent/graph/picture"
	"github.com/ragline/ragline/consumers/agent/react"
)

// GraphID is the name of the agent's graph for clients of the LangGraph API.
const GraphID = "agent"

// Backend is what serves the agent's threads and runs to clients of the LangGraph API.
func (a *Agent) Backend() *backend.Backend { return a.backend }

// Served is the agent's graph as clients of the LangGraph API see it.
func (a *Agent) Served() api.Graph {
	g := picture.Normalize(a.engine.Graph().Picture())
	out := api.Graph{ID: GraphID, Description: description, Input: json.RawMessage(inputSchema)}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, n.ID)
	}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, api.Edge{From: e.Source, To: e.Target, Label: e.Label, Conditional: e.Conditional})
	}
	return out
}

// say hands a piece of an answer to those who listen on Kafka, and to those who watch the run.
func (a *Agent) say(ctx context.Context, runID, piece string) {
	a.chunks.write(ctx, runID, piece)
	if !a.backend.Watched(runID) {
		return
	}
	raw, err := json.Marshal(struct {
		Type    string `json:"type"`
		ID      string `json:"id"`
		Content string `json:"content"`
	}{"AIMessageChunk", react.AnswerID(runID), piece})
	if err == nil { // three strings
		a.backend.Say(runID, raw)
	}
}

const (
	description = "Answers questions from the documents with citations; quotations and enquiries wait for a person."
	inputSchema = `{"type":"object","required":["messages"],"properties":{"messages":{"type":"array",` +
		`"description":"The conversation so far; the last message of a person is the question.","items":{"type":"object",` +
		`"properties":{"type":{"enum":["human","ai","system","tool"]},"content":{"type":["string","array"]},"id":{"type":"string"}}}}}}`
)
