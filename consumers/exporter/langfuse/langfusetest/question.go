package langfusetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// shown says whether a question sees anything.
func (s *Server) shown() bool {
	if s.hidden == 0 {
		return true
	}
	s.hidden--
	return false
}

func (s *Server) getObservations(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.questions++
	throttled := s.questions == s.throttled
	s.mu.Unlock()
	if throttled {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, map[string]string{"message": "Rate limit exceeded"})
		return
	}
	var filter []struct {
		Type, Column, Operator string
		Value                  any
	}
	if err := json.Unmarshal([]byte(r.URL.Query().Get("filter")), &filter); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"message": "filter: " + err.Error()})
		return
	}
	windowed := 0
	match := func(Row) bool { return true }
	for _, f := range filter {
		before := match
		switch f.Column + " " + f.Operator {
		case "id any of":
			ids, _ := f.Value.([]any)
			match = func(row Row) bool { return before(row) && slices.Contains(ids, any(row.SpanID)) }
		case "startTime >=", "startTime <":
			windowed++
			text, _ := f.Value.(string)
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil || f.Type != "datetime" {
				s.t.Errorf("condition %+v: %v", f, err)
			}
			from := f.Operator == ">="
			match = func(row Row) bool { return before(row) && from != row.Start.Truncate(time.Microsecond).Before(at) }
		default:
			s.t.Errorf("condition %+v is not known here", f)
		}
	}
	if windowed != 2 {
		answer(w, http.StatusBadRequest, map[string]string{"message": "a time window is required"})
		return
	}
	s.page(w, r, match)
}

// countObservations is the API of v2 and v3, which keep one copy of each id. Traces are no observations.
func (s *Server) countObservations(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from, first := time.Parse(time.RFC3339Nano, q.Get("fromStartTime"))
	to, last := time.Parse(time.RFC3339Nano, q.Get("toStartTime"))
	if first != nil || last != nil || q.Get("limit") == "" || q.Get("page") != "1" {
		s.t.Errorf("observations?%s", r.URL.RawQuery)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	count := func(id string, start time.Time) {
		if !start.Before(from) && start.Before(to) {
			seen[id] = true
		}
	}
	for _, row := range s.rows {
		count(row.TraceID+row.SpanID, row.Start)
	}
	for id, e := range s.entities {
		text, _ := e.Body["startTime"].(string)
		if start, err := time.Parse(time.RFC3339Nano, text); err == nil && e.Type != "trace-create" {
			count(id, start)
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": []any{}, "meta": map[string]int{"page": 1, "limit": 1, "totalItems": len(seen), "totalPages": len(seen)}})
}

// pageLimit is small, so that tests meet the cursor.
const pageLimit = 60

func (s *Server) page(w http.ResponseWriter, r *http.Request, match func(Row) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, cursor := []any{}, ""
	skip := len(r.URL.Query().Get("cursor"))
	if s.shown() {
		for _, row := range s.rows {
			if !match(row) {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if len(data) == pageLimit {
				cursor = r.URL.Query().Get("cursor") + strings.Repeat("x", pageLimit)
				break
			}
			data = append(data, map[string]string{"id": row.SpanID, "traceId": row.TraceID, "startTime": row.Start.Format(time.RFC3339Nano)})
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": data, "meta": map[string]string{"cursor": cursor}})
}

func (s *Server) getScores(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("id"), ",")
	s.mu.Lock()
	defer s.mu.Unlock()
	data := []any{}
	if s.shown() {
		for key := range s.scores {
			if slices.Contains(ids, key.id) {
				data = append(data, map[string]string{"id": key.id, "name": key.name})
			}
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": data, "meta": map[string]string{}})
}
