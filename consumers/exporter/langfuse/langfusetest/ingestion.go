package langfusetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is the ingestion API's limit.
const maxBody = 4_500_000

// Entity is a trace or an observation of the ingestion API: a later event with the same body id is merged into it.
type Entity struct {
	Type, EventID string
	Body          map[string]any
}

// Entities returns what the ingestion API stored, by body id.
func (s *Server) Entities() map[string]Entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Entity{}
	for id, e := range s.entities {
		all[id] = e
	}
	return all
}

type ingestionEvent struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Body      json.RawMessage `json:"body"`
}

func (s *Server) postBatch(w http.ResponseWriter, r *http.Request) {
	body := s.body(r)
	if len(body) > maxBody {
		http.Error(w, "Body exceeded 4.5mb limit", http.StatusRequestEntityTooLarge)
		return
	}
	var batch struct {
		Batch []ingestionEvent `json:"batch"`
	}
	if err := json.Unmarshal(body, &batch); err != nil || batch.Batch == nil {
		answer(w, http.StatusBadRequest, map[string]string{"message": "Invalid request data"})
		return
	}
	if len(batch.Batch) == 0 {
		s.t.Error("an empty batch was sent")
	}
	successes, errors := []any{}, []any{}
	s.mu.Lock()
	for _, e := range batch.Batch {
		if bad := s.ingest(e); bad != "" {
			errors = append(errors, map[string]any{"id": e.ID, "status": http.StatusBadRequest, "message": "Invalid request data", "error": bad})
		} else {
			successes = append(successes, map[string]any{"id": e.ID, "status": http.StatusCreated})
		}
	}
	s.bodies = append(s.bodies, body)
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		gate()
	}
	answer(w, http.StatusMultiStatus, map[string]any{"successes": successes, "errors": errors})
}

var (
	oldTypes = []string{"trace-create", "span-create", "generation-create", "event-create", "score-create"}
	newTypes = []string{"agent-create", "tool-create", "chain-create", "retriever-create", "evaluator-create", "embedding-create", "guardrail-create"}
)

func (s *Server) ingest(e ingestionEvent) (bad string) {
	known := slices.Contains(oldTypes, e.Type) || s.generation() > '2' && slices.Contains(newTypes, e.Type)
	at, err := time.Parse(time.RFC3339Nano, e.Timestamp)
	switch {
	case e.ID == "" || len(e.ID) > 800 || strings.Contains(e.ID, "\r"):
		return "id"
	case err != nil:
		return "timestamp"
	case !known || s.generation() > '3' && e.Type != "score-create":
		return "type " + e.Type + " is not accepted here"
	}
	if e.Type == "score-create" {
		score, bad := readScore(e.Body)
		if bad == "" {
			s.keep(score, at)
		}
		return bad
	}
	var body map[string]any
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return err.Error()
	}
	id, _ := body["id"].(string)
	if id == "" {
		s.t.Error("an event without body.id is answered with 201 and dropped")
		return ""
	}
	if bad := badEntity(e.Type, body); bad != "" {
		return bad
	}
	if s.bad != nil && s.bad(Row{SpanID: id, Name: fmt.Sprint(body["name"])}) {
		return "refused by the test"
	}
	s.merge(id, e, body)
	return ""
}

func (s *Server) merge(id string, e ingestionEvent, body map[string]any) {
	if old, ok := s.entities[id]; ok {
		if old.EventID != e.ID {
			s.t.Errorf("entity %s came as event %s and as %s: ids must be deterministic", id, old.EventID, e.ID)
		}
	}
	s.entities[id] = Entity{e.Type, e.ID, body}
}

func badEntity(kind string, body map[string]any) string {
	if name, _ := body["name"].(string); len(name) > 1000 {
		return "name"
	}
	if kind == "trace-create" {
		return ""
	}
	if body["traceId"] == nil || body["startTime"] == nil || body["endTime"] == nil {
		return "traceId, startTime and endTime"
	}
	if level, ok := body["level"].(string); ok && !slices.Contains([]string{"DEBUG", "DEFAULT", "WARNING", "ERROR"}, level) {
		return "level"
	}
	if (body["promptName"] == nil) != (body["promptVersion"] == nil) {
		return "promptName and promptVersion go together"
	}
	usage, _ := body["usageDetails"].(map[string]any)
	for name, n := range usage {
		if v, ok := n.(float64); !ok || v < 0 || v != float64(int64(v)) {
			return "usageDetails." + name
		}
	}
	return ""
}
