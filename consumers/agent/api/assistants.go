package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// assistantView is an assistant as clients see it.
type assistantView struct {
	ID          string    `json:"assistant_id"`
	GraphID     string    `json:"graph_id"`
	Config      struct{}  `json:"config"`
	Context     struct{}  `json:"context"`
	Metadata    object    `json:"metadata"`
	Name        string    `json:"name"`
	CreatedAt   timestamp `json:"created_at"`
	UpdatedAt   timestamp `json:"updated_at"`
	Version     int       `json:"version"`
	Description *string   `json:"description"`
}

// assistants holds one assistant for each graph, as LangGraph's servers make them.
type assistants struct {
	list   []assistantView
	graphs map[string]Graph // by graph id
}

func newAssistants(graphs []Graph, now time.Time) (*assistants, error) {
	a := &assistants{graphs: map[string]Graph{}}
	for _, g := range graphs {
		if g.ID == "" || a.graphs[g.ID].ID != "" {
			return nil, fmt.Errorf("building the agent's server: graph id %q is empty or given twice", g.ID)
		}
		a.graphs[g.ID] = g
		view := assistantView{
			ID: assistantID(g.ID), GraphID: g.ID, Name: g.ID, Version: 1, CreatedAt: timestamp(now), UpdatedAt: timestamp(now),
			Metadata: object{"created_by": json.RawMessage(`"system"`)},
		}
		if g.Description != "" {
			view.Description = &g.Description
		}
		a.list = append(a.list, view)
	}
	return a, nil
}

// assistantID is the id that LangGraph's servers give the assistant of a graph.
func assistantID(graphID string) string {
	return uuid.NewSHA1(uuid.MustParse("6ba7b821-9dad-11d1-80b4-00c04fd430c8"), []byte(graphID)).String()
}

// find takes an assistant's id or its graph's.
func (a *assistants) find(id string) (assistantView, error) {
	for _, one := range a.list {
		if one.ID == strings.ToLower(id) || one.GraphID == id {
			return one, nil
		}
	}
	return assistantView{}, problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: fmt.Sprintf(
		"Assistant %q not found: use the id of one, or a graph id of langgraph.json: %s", id, strings.Join(a.ids(), ", "))}
}

// idOf is the assistant of a run, which may have come another way and name its graph.
func (a *assistants) idOf(run Run) string {
	if one, err := a.find(run.AssistantID); err == nil {
		return one.ID
	}
	if one, err := a.find(run.GraphID); err == nil {
		return one.ID
	}
	return run.AssistantID
}

// complete adds the assistant to metadata that name a graph.
func (a *assistants) complete(metadata object) object {
	out := object{}
	for k, v := range metadata {
		out[k] = v
	}
	if one, ok := a.ofGraph(out["graph_id"]); ok && out["assistant_id"] == nil {
		out["assistant_id"] = quoted(one.ID)
	}
	return out
}

// reduce turns a search for the assistant of a graph into one for the graph.
func (a *assistants) reduce(metadata object) object {
	var id string
	if json.Unmarshal(metadata["assistant_id"], &id) != nil {
		return metadata
	}
	one, err := a.find(id)
	if err != nil {
		return metadata
	}
	out := object{}
	for k, v := range metadata {
		out[k] = v
	}
	delete(out, "assistant_id")
	if out["graph_id"] == nil {
		out["graph_id"] = quoted(one.GraphID)
	}
	return out
}

func (a *assistants) ofGraph(id json.RawMessage) (assistantView, bool) {
	var name string
	if json.Unmarshal(id, &name) != nil {
		return assistantView{}, false
	}
	one, err := a.find(name)
	return one, err == nil
}

func (a *assistants) ids() []string {
	var out []string
	for _, one := range a.list {
		out = append(out, one.GraphID)
	}
	return out
}

// assistantSearch selects assistants.
type assistantSearch struct {
	page
	Metadata  object   `json:"metadata"`
	GraphID   string   `json:"graph_id"`
	Name      string   `json:"name"`
	SortBy    string   `json:"sort_by"`
	SortOrder string   `json:"sort_order"`
	Select    []string `json:"select"`
}

func (a *assistants) search(q assistantSearch) []assistantView {
	var out []assistantView
	for _, one := range a.list {
		if (q.GraphID == "" || q.GraphID == one.GraphID) && strings.Contains(strings.ToLower(one.Name), strings.ToLower(q.Name)) && Contains(one.Metadata, q.Metadata) {
			out = append(out, one)
		}
	}
	return out
}

func (s *Server) searchAssistants(w http.ResponseWriter, r *http.Request) error {
	var q assistantSearch
	if err := decode(r, &q); err != nil {
		return err
	}
	limit, offset, err := q.values()
	if err != nil {
		return err
	}
	found := s.assistants.search(q)
	sortViews(found, q.SortBy == "" || q.SortOrder != "asc", func(v assistantView) string {
		switch q.SortBy {
		case "assistant_id":
			return v.ID
		case "graph_id", "name":
			return v.Name
		}
		return ""
	})
	total := len(found)
	return writePage(w, slice(found, limit, offset), total, limit, offset, q.Select)
}

func (s *Server) countAssistants(w http.ResponseWriter, r *http.Request) error {
	var q assistantSearch
	if err := decode(r, &q); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, len(s.assistants.search(q)))
	return nil
}

func (s *Server) getAssistant(w http.ResponseWriter, r *http.Request) error {
	a, err := s.assistants.find(r.PathValue("assistant_id"))
	if err == nil {
		writeJSON(w, http.StatusOK, a)
	}
	return err
}

// assistantVersions and assistantLatest know one version, the first.
func (s *Server) assistantVersions(w http.ResponseWriter, r *http.Request) error {
	a, err := s.assistants.find(r.PathValue("assistant_id"))
	if err == nil {
		writeJSON(w, http.StatusOK, []assistantView{a})
	}
	return err
}

func (s *Server) assistantLatest(w http.ResponseWriter, r *http.Request) error {
	var want struct {
		Version int `json:"version"`
	}
	if err := decode(r, &want); err != nil {
		return err
	}
	a, err := s.assistants.find(r.PathValue("assistant_id"))
	if err != nil {
		return err
	}
	if want.Version != a.Version {
		return notFound("Assistant version", strconv.Itoa(want.Version))
	}
	writeJSON(w, http.StatusOK, a)
	return nil
}

func sortViews[T any](list []T, descending bool, key func(T) string) {
	slices.SortStableFunc(list, func(a, b T) int {
		c := strings.Compare(key(a), key(b))
		if descending {
			return -c
		}
		return c
	})
}

func slice[T any](list []T, limit, offset int) []T {
	list = list[min(offset, len(list)):]
	return list[:min(limit, len(list))]
}
