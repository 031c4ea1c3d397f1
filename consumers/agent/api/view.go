package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// timestamp is a time as LangGraph's Python server writes it.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000000+00:00"`)), nil
}

// writePage writes a page of a search with its headers. Fields, if any, are all that the client wants of each.
func writePage[T any](w http.ResponseWriter, list []T, total, limit, offset int, fields []string) error {
	out := make([]any, 0, len(list))
	for _, one := range list {
		v, err := pick(one, fields)
		if err != nil {
			return err
		}
		out = append(out, v)
	}
	w.Header().Set("X-Pagination-Total", strconv.Itoa(total))
	if next := offset + limit; next < total {
		w.Header().Set("X-Pagination-Next", strconv.Itoa(next))
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func pick(v any, fields []string) (any, error) {
	if len(fields) == 0 {
		return v, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var all object
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	out := object{}
	for _, f := range fields {
		value, ok := all[f]
		if !ok {
			return nil, invalid("select", "%q is no field", f)
		}
		out[f] = value
	}
	return out, nil
}

// threadView is a thread as clients see it.
type threadView struct {
	ID             string               `json:"thread_id"`
	CreatedAt      timestamp            `json:"created_at"`
	UpdatedAt      timestamp            `json:"updated_at"`
	StateUpdatedAt timestamp            `json:"state_updated_at"`
	Metadata       object               `json:"metadata"`
	Status         ThreadStatus         `json:"status"`
	Config         json.RawMessage      `json:"config"`
	Values         object               `json:"values"`
	Interrupts     map[string][]Pending `json:"interrupts"`
	TTL            *ttlView             `json:"ttl,omitempty"`
}

type ttlView struct {
	Strategy string  `json:"strategy"`
	Minutes  float64 `json:"ttl_minutes"`
}

// viewThread adds the assistant of the thread's graph: clients look for it, and a thread may have come another way.
func (s *Server) viewThread(t Thread) threadView {
	v := threadView{
		ID: t.ID, CreatedAt: timestamp(t.CreatedAt), UpdatedAt: timestamp(t.UpdatedAt), StateUpdatedAt: timestamp(t.UpdatedAt),
		Status: t.Status, Config: t.Config, Values: t.Values, Interrupts: map[string][]Pending{},
	}
	v.Metadata = s.assistants.complete(t.Metadata)
	if v.Config == nil {
		v.Config = json.RawMessage("{}")
	}
	for _, task := range t.Interrupts {
		v.Interrupts[task.TaskID] = task.Interrupts
	}
	if t.TTL != nil {
		v.TTL = &ttlView{t.TTL.Strategy, t.TTL.After.Minutes()}
	}
	return v
}

// checkpointView is the address of a checkpoint.
type checkpointView struct {
	ThreadID     string          `json:"thread_id"`
	CheckpointID string          `json:"checkpoint_id"`
	Namespace    string          `json:"checkpoint_ns"`
	Map          json.RawMessage `json:"checkpoint_map"`
}

func viewCheckpoint(threadID, id string) *checkpointView {
	if id == "" {
		return nil
	}
	return &checkpointView{ThreadID: threadID, CheckpointID: id}
}

// taskView is a task of a state.
type taskView struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Path       []any           `json:"path"`
	Error      *string         `json:"error"`
	Interrupts []Pending       `json:"interrupts"`
	Checkpoint *checkpointView `json:"checkpoint"`
	State      json.RawMessage `json:"state"`
	Result     any             `json:"result"`
}

// stateView is a thread at a checkpoint.
type stateView struct {
	Values     object          `json:"values"`
	Next       []string        `json:"next"`
	Tasks      []taskView      `json:"tasks"`
	Metadata   object          `json:"metadata"`
	CreatedAt  timestamp       `json:"created_at"`
	Checkpoint *checkpointView `json:"checkpoint"`
	Parent     *checkpointView `json:"parent_checkpoint"`
	Interrupts []Pending       `json:"interrupts"`
	// The ids stand here, too, for older clients.
	CheckpointID *string `json:"checkpoint_id"`
	ParentID     *string `json:"parent_checkpoint_id"`
}

func viewState(s Snapshot) stateView {
	v := stateView{
		Values: orEmpty(s.Values), Next: s.Next, Tasks: []taskView{}, Metadata: viewMetadata(s), CreatedAt: timestamp(s.CreatedAt),
		Checkpoint: viewCheckpoint(s.ThreadID, s.CheckpointID), Parent: viewCheckpoint(s.ThreadID, s.ParentID),
		Interrupts: []Pending{}, CheckpointID: orNull(s.CheckpointID), ParentID: orNull(s.ParentID),
	}
	if v.Next == nil {
		v.Next = []string{}
	}
	for _, t := range s.Tasks {
		tv := taskView{ID: t.ID, Name: t.Name, Path: t.Path, Error: orNull(t.Error), Interrupts: pendings(t.Interrupts)}
		if t.Done && t.Error == "" && len(t.Interrupts) == 0 {
			tv.Result = merged(t.Result)
		}
		v.Tasks, v.Interrupts = append(v.Tasks, tv), append(v.Interrupts, t.Interrupts...)
	}
	return v
}

// viewMetadata is null before the first checkpoint.
func viewMetadata(s Snapshot) object {
	if s.CheckpointID == "" {
		return nil
	}
	m := object{}
	for k, v := range s.Metadata {
		m[k] = v
	}
	m["source"], m["step"], m["parents"] = quoted(s.Source), json.RawMessage(strconv.Itoa(s.Step)), json.RawMessage("{}")
	m["thread_id"] = quoted(s.ThreadID)
	if s.RunID != "" {
		m["run_id"] = quoted(s.RunID)
	}
	return m
}

// merged is what a task returned, as an object. A key that was written twice keeps its last value.
func merged(writes []KeyValue) object {
	out := object{}
	for _, kv := range writes {
		out[kv.Key] = kv.Value
	}
	return out
}

// runView is a run as clients see it.
type runView struct {
	ID          string          `json:"run_id"`
	ThreadID    string          `json:"thread_id"`
	AssistantID string          `json:"assistant_id"`
	CreatedAt   timestamp       `json:"created_at"`
	UpdatedAt   timestamp       `json:"updated_at"`
	Metadata    object          `json:"metadata"`
	Status      RunStatus       `json:"status"`
	Kwargs      json.RawMessage `json:"kwargs"`
	Multitask   Multitask       `json:"multitask_strategy"`
	// Error says why a run failed; LangGraph's servers tell only in the stream.
	Error *RunFailure `json:"error,omitempty"`
}

func (s *Server) viewRun(r Run) runView {
	v := runView{
		ID: r.ID, ThreadID: r.ThreadID, AssistantID: s.assistants.idOf(r), CreatedAt: timestamp(r.CreatedAt), UpdatedAt: timestamp(r.UpdatedAt),
		Metadata: orEmpty(r.Metadata), Status: r.Status, Kwargs: r.Kwargs, Multitask: r.Multitask, Error: r.Error,
	}
	if v.Kwargs == nil {
		v.Kwargs = json.RawMessage("{}")
	}
	return v
}

func orEmpty(m map[string]json.RawMessage) object {
	if m == nil {
		return object{}
	}
	return m
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func pendings(list []Pending) []Pending {
	if list == nil {
		return []Pending{}
	}
	return list
}

// quoted is a string as JSON, which cannot fail.
func quoted(s string) json.RawMessage {
	data, _ := json.Marshal(s)
	return data
}
