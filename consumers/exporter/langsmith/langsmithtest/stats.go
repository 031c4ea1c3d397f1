package langsmithtest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

// projectID is the id of every project: a server has the one that runs were sent to.
const projectID = "3f2c9c6e-52b0-4d3c-9a53-0d7d4b8a1c11"

// sessions answers with the project of a name, which exists from its first run on.
func (s *Server) sessions(w http.ResponseWriter, r *http.Request) {
	found := []any{}
	name := r.URL.Query().Get("name")
	for _, run := range s.Runs() {
		if run.SessionName == name && len(found) == 0 {
			found = append(found, map[string]string{"id": projectID, "name": name})
		}
	}
	answer(w, http.StatusOK, found)
}

var window = regexp.MustCompile(`^and\(gte\(start_time, "([^"]+)"\), lt\(start_time, "([^"]+)"\)\)$`)

// stats counts the runs of a window. Of LangSmith's filter language it knows no more than that.
func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Session []string  `json:"session"`
		Start   time.Time `json:"start_time"`
		Filter  string    `json:"filter"`
	}
	err := json.Unmarshal(s.body(r), &q)
	bounds := window.FindStringSubmatch(q.Filter)
	if err != nil || len(q.Session) != 1 || q.Session[0] != projectID || bounds == nil {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"detail": "session and filter"})
		return
	}
	if q.Start.IsZero() {
		q.Start = time.Now().Add(-24 * time.Hour)
	}
	from, first := time.Parse(time.RFC3339, bounds[1])
	to, last := time.Parse(time.RFC3339, bounds[2])
	if first != nil || last != nil {
		answer(w, http.StatusBadRequest, map[string]any{"detail": "the filter has no times"})
		return
	}
	count := 0
	for _, run := range s.Runs() {
		at, err := time.Parse(time.RFC3339Nano, run.StartTime)
		if err != nil {
			s.t.Errorf("start_time: %v", err)
		}
		if !at.Before(q.Start) && !at.Before(from) && at.Before(to) {
			count++
		}
	}
	answer(w, http.StatusOK, map[string]any{"run_count": count, "error_rate": 0})
}

// Lose forgets the run with a name.
func (s *Server) Lose(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, run := range s.runs {
		if run.Name == name {
			s.runs = append(s.runs[:i:i], s.runs[i+1:]...)
			return
		}
	}
}
