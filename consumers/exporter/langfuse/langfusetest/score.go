package langfusetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Score is a score as it was sent.
type Score struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Value         any               `json:"value"`
	DataType      string            `json:"dataType"`
	TraceID       string            `json:"traceId"`
	SessionID     string            `json:"sessionId"`
	ObservationID string            `json:"observationId"`
	Comment       string            `json:"comment"`
	Metadata      map[string]string `json:"metadata"`
	Environment   string            `json:"environment"`
	Time          time.Time         `json:"-"`
}

// scoreKey is what a repeat must share to overwrite.
type scoreKey struct{ id, name, date string }

// Scores returns the scores, one of each key, and every one that was written, repeats included.
func (s *Server) Scores() (scores, written []Score) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, score := range s.scores {
		scores = append(scores, score)
	}
	return scores, append([]Score(nil), s.written...)
}

func (s *Server) postScore(w http.ResponseWriter, r *http.Request) {
	body := s.body(r)
	score, bad := readScore(body)
	if bad != "" {
		answer(w, http.StatusBadRequest, map[string]string{"message": "Invalid request data", "error": bad})
		return
	}
	s.mu.Lock()
	s.bodies = append(s.bodies, body)
	s.keep(score, time.Now())
	s.mu.Unlock()
	answer(w, http.StatusOK, map[string]string{"id": score.ID})
}

func (s *Server) keep(score Score, at time.Time) {
	score.Time = at
	s.scores[scoreKey{score.ID, score.Name, at.UTC().Format(time.DateOnly)}] = score
	s.written = append(s.written, score)
}

func readScore(body []byte) (Score, string) {
	var score Score
	if err := json.Unmarshal(body, &score); err != nil {
		return score, err.Error()
	}
	targets := 0
	for _, target := range []string{score.TraceID, score.SessionID} {
		if target != "" {
			targets++
		}
	}
	number, isNumber := score.Value.(float64)
	text, isText := score.Value.(string)
	switch {
	case len(score.ID) > 800 || score.Name == "":
		return score, "id or name"
	case targets != 1 || score.ObservationID != "" && score.TraceID == "":
		return score, "exactly one target"
	case score.DataType == "NUMERIC" && !isNumber,
		score.DataType == "BOOLEAN" && number != 0 && number != 1,
		score.DataType == "CATEGORICAL" && (!isText || text == ""),
		score.DataType == "TEXT" && (len(text) < 1 || len(text) > 500):
		return score, fmt.Sprintf("value %v of type %s", score.Value, score.DataType)
	}
	return score, ""
}
