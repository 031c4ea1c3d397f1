package api

import (
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
)

// checkpointBody addresses a checkpoint.
type checkpointBody struct {
	ThreadID     string `json:"thread_id"`
	CheckpointID string `json:"checkpoint_id"`
	Namespace    string `json:"checkpoint_ns"`
}

// id checks the address. A nil checkpoint is the newest.
func (b *checkpointBody) id(threadID string) (string, error) {
	switch {
	case b == nil:
		return "", nil
	case b.Namespace != "":
		return "", invalid("checkpoint.checkpoint_ns", "%q names a sub-graph: no graph of this server has any", b.Namespace)
	case b.ThreadID != "" && b.ThreadID != threadID:
		return "", invalid("checkpoint.thread_id", "the checkpoint is of another thread")
	}
	return b.CheckpointID, nil
}

func (s *Server) getState(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	return s.writeState(w, r, id, r.PathValue("checkpoint_id"))
}

func (s *Server) stateAt(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	var b struct {
		Checkpoint *checkpointBody `json:"checkpoint"`
	}
	if err := decode(r, &b); err != nil {
		return err
	}
	checkpoint, err := b.Checkpoint.id(id)
	if err != nil {
		return err
	}
	return s.writeState(w, r, id, checkpoint)
}

func (s *Server) writeState(w http.ResponseWriter, r *http.Request, id, checkpoint string) error {
	snapshot, err := s.backend.State(r.Context(), id, checkpoint)
	if err != nil {
		return s.missing(r, id, checkpoint, err)
	}
	writeJSON(w, http.StatusOK, viewState(snapshot))
	return nil
}

// historyBody selects checkpoints.
type historyBody struct {
	page
	Before     before          `json:"before"`
	Metadata   object          `json:"metadata"`
	Checkpoint *checkpointBody `json:"checkpoint"`
}

// before is a checkpoint as its id, as an address, or as a config with one: the clients differ.
type before string

func (b *before) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*string)(b)) == nil {
		return nil
	}
	var address struct {
		checkpointBody
		Checkpoint   checkpointBody `json:"checkpoint"`
		Configurable checkpointBody `json:"configurable"`
	}
	if err := json.Unmarshal(data, &address); err != nil {
		return err
	}
	for _, id := range []string{address.CheckpointID, address.Checkpoint.CheckpointID, address.Configurable.CheckpointID} {
		if id != "" {
			*b = before(id)
		}
	}
	return nil
}

func (s *Server) getHistory(w http.ResponseWriter, r *http.Request) error {
	limit, _, err := queryPage(r)
	if err != nil {
		return err
	}
	return s.writeHistory(w, r, HistoryQuery{Limit: limit, Before: r.URL.Query().Get("before")})
}

func (s *Server) searchHistory(w http.ResponseWriter, r *http.Request) error {
	var b historyBody
	if err := decode(r, &b); err != nil {
		return err
	}
	limit, _, err := b.values()
	if err != nil {
		return err
	}
	from, err := b.Checkpoint.id(r.PathValue("thread_id"))
	if err != nil {
		return err
	}
	return s.writeHistory(w, r, HistoryQuery{Limit: limit, Before: string(b.Before), From: from, Metadata: b.Metadata})
}

func (s *Server) writeHistory(w http.ResponseWriter, r *http.Request, q HistoryQuery) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	views := []stateView{}
	for snapshot, err := range s.backend.History(r.Context(), id, q) {
		if err != nil {
			return s.missing(r, id, q.From+q.Before, err)
		}
		views = append(views, viewState(snapshot))
	}
	writeJSON(w, http.StatusOK, views)
	return nil
}

// stateBody changes the state of a thread.
type stateBody struct {
	Values       json.RawMessage `json:"values"`
	AsNode       string          `json:"as_node"`
	Checkpoint   *checkpointBody `json:"checkpoint"`
	CheckpointID string          `json:"checkpoint_id"`
}

// updateView answers with the new checkpoint, in the shapes of the newer and the older clients.
type updateView struct {
	Checkpoint   addressView `json:"checkpoint"`
	Configurable addressView `json:"configurable"`
	CheckpointID string      `json:"checkpoint_id"`
}

// addressView is a checkpointView without the map of sub-graphs.
type addressView struct {
	ThreadID     string `json:"thread_id"`
	Namespace    string `json:"checkpoint_ns"`
	CheckpointID string `json:"checkpoint_id"`
}

func (s *Server) updateState(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	var b stateBody
	if err := decode(r, &b); err != nil {
		return err
	}
	t, err := s.thread(r, id)
	if err != nil {
		return err
	}
	u, err := s.stateUpdate(t, b)
	if err != nil {
		return err
	}
	checkpoint, err := s.backend.Update(r.Context(), id, u)
	if err != nil {
		return s.missing(r, id, u.CheckpointID, err)
	}
	at := addressView{ThreadID: id, CheckpointID: checkpoint}
	writeJSON(w, http.StatusOK, updateView{at, at, checkpoint})
	return nil
}

func (s *Server) stateUpdate(t Thread, b stateBody) (StateUpdate, error) {
	u := StateUpdate{CheckpointID: b.CheckpointID, AsNode: b.AsNode}
	if u.AsNode == "END" {
		u.AsNode = endNode
	}
	at, err := b.Checkpoint.id(t.ID)
	if err != nil {
		return u, err
	}
	if at != "" {
		u.CheckpointID = at
	}
	if u.GraphID, err = s.graphOf(t); err != nil {
		return u, err
	}
	u.Values, err = keyValues("values", s.masked(b.Values))
	return u, err
}

// superstep is one of the steps that a new thread begins with.
type superstep struct {
	Updates []struct {
		Values  json.RawMessage `json:"values"`
		Command *commandBody    `json:"command"`
		AsNode  string          `json:"as_node"`
	} `json:"updates"`
}

func (s *Server) applySupersteps(r *http.Request, t Thread, steps []superstep) error {
	for _, step := range steps {
		if len(step.Updates) != 1 {
			return invalid("supersteps", "a super-step must have one update, as this server's states have one writer")
		}
		one := step.Updates[0]
		u, err := s.stateUpdate(t, stateBody{Values: one.Values, AsNode: one.AsNode})
		if err != nil {
			return err
		}
		if one.Command != nil {
			s.maskCommand(one.Command)
			if u.Values, err = keyValues("command.update", one.Command.Update); err != nil {
				return err
			}
			if u.Goto, err = one.Command.sends(); err != nil {
				return err
			}
		}
		if _, err := s.backend.Update(r.Context(), t.ID, u); err != nil {
			return err
		}
	}
	return nil
}

// checkUUID is for ids of a body.
func checkUUID(field, id string) error {
	if _, err := uuid.Parse(id); err != nil {
		return invalid(field, "%q is no UUID", id)
	}
	return nil
}
