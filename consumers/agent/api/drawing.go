package api

import (
	"encoding/json"
	"net/http"
)

// nodeView and edgeView are a graph as LangGraph draws it.
type nodeView struct {
	ID   string    `json:"id"`
	Type string    `json:"type,omitempty"`
	Data *nodeData `json:"data,omitempty"`
}

type nodeData struct {
	Name string `json:"name"`
}

type edgeView struct {
	Source      string `json:"source"`
	Target      string `json:"target"`
	Data        string `json:"data,omitempty"`
	Conditional bool   `json:"conditional,omitempty"`
}

type graphView struct {
	Nodes []nodeView `json:"nodes"`
	Edges []edgeView `json:"edges"`
}

const endNode = "__end__"

func (s *Server) assistantGraph(w http.ResponseWriter, r *http.Request) error {
	a, err := s.assistants.find(r.PathValue("assistant_id"))
	if err != nil {
		return err
	}
	g := s.assistants.graphs[a.GraphID]
	view := graphView{Nodes: []nodeView{}, Edges: []edgeView{}}
	for _, name := range g.Nodes {
		if name == endNode {
			view.Nodes = append(view.Nodes, nodeView{ID: name})
			continue
		}
		view.Nodes = append(view.Nodes, nodeView{ID: name, Type: "runnable", Data: &nodeData{name}})
	}
	for _, e := range g.Edges {
		v := edgeView{Source: e.From, Target: e.To, Data: e.Label, Conditional: e.Conditional}
		if v.Data == e.To {
			v.Data = ""
		}
		view.Edges = append(view.Edges, v)
	}
	writeJSON(w, http.StatusOK, view)
	return nil
}

type schemasView struct {
	GraphID string          `json:"graph_id"`
	Input   json.RawMessage `json:"input_schema"`
	Output  json.RawMessage `json:"output_schema"`
	State   json.RawMessage `json:"state_schema"`
	Config  json.RawMessage `json:"config_schema"`
	Context json.RawMessage `json:"context_schema"`
}

func (s *Server) assistantSchemas(w http.ResponseWriter, r *http.Request) error {
	a, err := s.assistants.find(r.PathValue("assistant_id"))
	if err != nil {
		return err
	}
	g := s.assistants.graphs[a.GraphID]
	view := schemasView{GraphID: g.ID, Input: g.Input, Output: g.Output, State: g.State, Config: g.Config, Context: g.Context}
	for _, schema := range []*json.RawMessage{&view.Input, &view.Output, &view.State, &view.Config, &view.Context} {
		if *schema == nil {
			*schema = json.RawMessage(`{"type":"object"}`)
		}
	}
	writeJSON(w, http.StatusOK, view)
	return nil
}

// assistantSubgraphs is empty: a node of ours is no graph.
func (s *Server) assistantSubgraphs(w http.ResponseWriter, r *http.Request) error {
	_, err := s.assistants.find(r.PathValue("assistant_id"))
	if err == nil {
		writeJSON(w, http.StatusOK, struct{}{})
	}
	return err
}
