package api

import (
	"encoding/json"
	"errors"
	"net/http"
)

// pathThread is the thread of the path, or "" for a run without one.
func pathThread(r *http.Request) (string, error) {
	if r.PathValue("thread_id") == "" {
		return "", nil
	}
	return threadID(r)
}

// runPath is where a run is found: clients learn its id from it.
func runPath(threadID, runID string) string {
	if threadID == "" {
		return "/runs/" + runID
	}
	return "/threads/" + threadID + "/runs/" + runID
}

// accept reads the body of a route that starts a run, and starts it.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (Run, runBody, error) {
	thread, err := pathThread(r)
	if err != nil {
		return Run{}, runBody{}, err
	}
	var raw json.RawMessage
	if err := decode(r, &raw); err != nil {
		return Run{}, runBody{}, err
	}
	run, b, err := s.begin(r, raw, thread)
	if err == nil {
		w.Header().Set("Content-Location", runPath(thread, run.ID))
	}
	return run, b, err
}

func (s *Server) createRun(w http.ResponseWriter, r *http.Request) error {
	run, _, err := s.accept(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, s.viewRun(run))
	}
	return err
}

// batchRuns starts runs without threads. A wrong one is refused before the first is started.
func (s *Server) batchRuns(w http.ResponseWriter, r *http.Request) error {
	var list []json.RawMessage
	if err := decode(r, &list); err != nil {
		return err
	}
	if len(list) == 0 || len(list) > maxLimit {
		return problem{Status: http.StatusUnprocessableEntity, Code: codeInvalid, Detail: "send a list of 1 to 1000 runs"}
	}
	for _, raw := range list {
		if _, _, err := s.start(raw, ""); err != nil {
			return err
		}
	}
	views := make([]runView, 0, len(list))
	for _, raw := range list {
		run, _, err := s.begin(r, raw, "")
		if err != nil {
			return err
		}
		views = append(views, s.viewRun(run))
	}
	writeJSON(w, http.StatusOK, views)
	return nil
}

// run returns the run of the path.
func (s *Server) run(r *http.Request) (Run, error) {
	thread, err := pathThread(r)
	if err != nil {
		return Run{}, err
	}
	id, err := runID(r)
	if err != nil {
		return Run{}, err
	}
	run, err := s.backend.Run(r.Context(), id)
	if errors.Is(err, ErrNotFound) || err == nil && thread != "" && run.ThreadID != thread {
		return Run{}, notFound("Run", id)
	}
	return run, err
}

func (s *Server) getRun(w http.ResponseWriter, r *http.Request) error {
	run, err := s.run(r)
	if err == nil {
		writeJSON(w, http.StatusOK, s.viewRun(run))
	}
	return err
}

func (s *Server) listRuns(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	q := RunQuery{ThreadID: id, Status: RunStatus(r.URL.Query().Get("status"))}
	if q.Limit, q.Offset, err = queryPage(r); err != nil {
		return err
	}
	runs, err := s.backend.Runs(r.Context(), q)
	if err != nil {
		return s.missing(r, id, "", err)
	}
	views := make([]runView, 0, len(runs))
	for _, run := range runs {
		views = append(views, s.viewRun(run))
	}
	return writePage(w, views, len(views)+q.Offset, q.Limit, q.Offset, r.URL.Query()["select"])
}

func (s *Server) deleteRun(w http.ResponseWriter, r *http.Request) error {
	run, err := s.run(r)
	if err != nil {
		return err
	}
	if err := s.backend.DeleteRun(r.Context(), run.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// cancelRun ends a run. One that has ended already is what the client wanted.
func (s *Server) cancelRun(w http.ResponseWriter, r *http.Request) error {
	rollback, err := cancelAction(r)
	if err != nil {
		return err
	}
	run, err := s.run(r)
	if err != nil {
		return err
	}
	if err := s.backend.Cancel(r.Context(), run.ID, rollback); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if !flag(r, "wait") {
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	for range s.backend.Events(r.Context(), run.ID) {
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func cancelAction(r *http.Request) (rollback bool, err error) {
	switch action := r.URL.Query().Get("action"); action {
	case "", "interrupt":
		return false, nil
	case "rollback":
		return true, nil
	default:
		return false, invalid("action", "%q is neither interrupt nor rollback", action)
	}
}

// cancelRuns cancels the named runs of a thread.
func (s *Server) cancelRuns(w http.ResponseWriter, r *http.Request) error {
	rollback, err := cancelAction(r)
	if err != nil {
		return err
	}
	var b struct {
		ThreadID string   `json:"thread_id"`
		RunIDs   []string `json:"run_ids"`
		Status   string   `json:"status"`
	}
	if err := decode(r, &b); err != nil {
		return err
	}
	if b.Status != "" {
		return invalid("status", "cancelling by status is not served: name thread_id and run_ids")
	}
	if len(b.RunIDs) == 0 || len(b.RunIDs) > maxLimit {
		return invalid("run_ids", "name 1 to %d runs", maxLimit)
	}
	found := false
	for _, id := range b.RunIDs {
		if err := checkUUID("run_ids", id); err != nil {
			return err
		}
		run, err := s.backend.Run(r.Context(), id)
		if err == nil && run.ThreadID == b.ThreadID {
			err = s.backend.Cancel(r.Context(), id, rollback)
			found = found || err == nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if !found {
		return problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "No runs found to cancel."}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
