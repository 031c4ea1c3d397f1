package langsmithtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Limits of /info.
const (
	maxRuns  = 100
	maxBytes = 20_971_520
)

var (
	runTypes = []string{"llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"}
	partKeys = []string{"inputs", "outputs", "events", "extra", "error", "serialized"}
	segments = regexp.MustCompile(`^\d{8}T\d{12}Z([0-9a-f-]{36})$`)
)

func (s *Server) postMultipart(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	old := s.noMultipart
	s.mu.Unlock()
	if old {
		answer(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
		return
	}
	body := s.body(r)
	if len(body) > maxBytes {
		answer(w, http.StatusRequestEntityTooLarge, map[string]string{"detail": "too large"})
		return
	}
	parts, order, err := readParts(r, body)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	runs, feedback, err := assemble(parts, order)
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		return
	}
	status, reason, gate := s.store(runs, feedback, parts)
	if gate != nil {
		gate()
	}
	answer(w, status, map[string]string{"message": reason})
}

// readParts checks the envelope of every part.
func readParts(r *http.Request, body []byte) (parts map[string]json.RawMessage, order []string, err error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		return nil, nil, fmt.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	parts = map[string]json.RawMessage{}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return parts, order, nil
		}
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		name := part.FormName()
		if parts[name] != nil || part.Header.Get("Content-Type") != "application/json" || part.Header.Get("Content-Length") != strconv.Itoa(len(data)) || !json.Valid(data) {
			return nil, nil, fmt.Errorf("part %q: twice, or type or length missing, or no JSON", name)
		}
		parts[name] = data
		order = append(order, name)
	}
}

// assemble makes runs and feedback of the parts.
func assemble(parts map[string]json.RawMessage, order []string) (runs []Run, feedback []Feedback, err error) {
	index := map[string]int{}
	for _, name := range order {
		words := strings.Split(name, ".")
		if len(words) < 2 || uuid.Validate(words[1]) != nil {
			return nil, nil, fmt.Errorf("part %q", name)
		}
		i, known := index[words[1]]
		switch {
		case words[0] == "post" && len(words) == 2:
			run := Run{Parts: map[string]json.RawMessage{}}
			if err := json.Unmarshal(parts[name], &run); err != nil {
				return nil, nil, err
			}
			index[words[1]] = len(runs)
			runs = append(runs, run)
			if err := check(run, words[1]); err != nil {
				return nil, nil, err
			}
		case words[0] == "post" && len(words) == 3 && known && slices.Contains(partKeys, words[2]):
			runs[i].Parts[words[2]] = parts[name]
		case words[0] == "feedback" && len(words) == 2:
			var f Feedback
			if err := json.Unmarshal(parts[name], &f); err != nil {
				return nil, nil, err
			}
			if f.ID != words[1] || uuid.Validate(f.TraceID) != nil || uuid.Validate(f.RunID) != nil || f.Key == "" {
				return nil, nil, fmt.Errorf("feedback %s needs trace_id, run_id and key", words[1])
			}
			feedback = append(feedback, f)
		default:
			return nil, nil, fmt.Errorf("part %q", name)
		}
	}
	return runs, feedback, nil
}

// check is what the server says of ids and orders.
func check(r Run, id string) error {
	parts := strings.Split(r.DottedOrder, ".")
	ids := make([]string, len(parts))
	for i, p := range parts {
		m := segments.FindStringSubmatch(p)
		if m == nil || uuid.Validate(m[1]) != nil {
			return fmt.Errorf("invalid 'dotted_order': %s", r.DottedOrder)
		}
		ids[i] = m[1]
	}
	switch {
	case r.ID != id || r.Name == "" || r.StartTime == "" || r.EndTime == "" || r.SessionName == "" || !slices.Contains(runTypes, r.RunType):
		return fmt.Errorf("run %s lacks something", id)
	case ids[len(ids)-1] != r.ID:
		return errors.New("run_id does not match last part of dotted_order")
	case ids[0] != r.TraceID:
		return errors.New("trace_id does not match first part of dotted_order")
	case r.ParentRunID == "" && len(ids) != 1:
		return errors.New("dotted_order must contain a single part for root runs")
	case r.ParentRunID != "" && len(ids) < 2:
		return errors.New("dotted_order must contain at least two parts for child runs")
	case r.ParentRunID != "" && ids[len(ids)-2] != r.ParentRunID:
		return errors.New("parent_run_id does not match second-last part of dotted_order")
	}
	return nil
}

func (s *Server) store(runs []Run, feedback []Feedback, parts map[string]json.RawMessage) (status int, reason string, gate func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(runs) > maxRuns {
		s.t.Errorf("%d runs in one request, at most %d are allowed", len(runs), maxRuns)
	}
	for _, run := range runs {
		if s.bad != nil && s.bad(run) {
			return http.StatusUnprocessableEntity, "refused by the test", nil
		}
	}
	for _, run := range runs {
		if slices.ContainsFunc(s.runs, func(old Run) bool { return old.ID == run.ID }) {
			s.refusedTwice++
			return http.StatusConflict, "run " + run.ID + " already exists", nil
		}
	}
	s.runs = append(s.runs, runs...)
	for _, f := range feedback {
		s.feedback[f.ID] = f
	}
	s.requests = append(s.requests, parts)
	s.checkTrees(runs)
	return http.StatusAccepted, "Runs batch ingested", s.gate
}

// checkTrees fails the test where a child's order does not begin with that of its parent.
func (s *Server) checkTrees(fresh []Run) {
	orders := map[string]string{}
	for _, r := range s.runs {
		orders[r.ID] = r.DottedOrder
	}
	for _, r := range fresh {
		if parent, ok := orders[r.ParentRunID]; ok && !strings.HasPrefix(r.DottedOrder, parent+".") {
			s.t.Errorf("run %s has order %s, its parent %s", r.Name, r.DottedOrder, parent)
		}
	}
}
