package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// threadBody creates or changes a thread.
type threadBody struct {
	ThreadID   string      `json:"thread_id"`
	Metadata   object      `json:"metadata"`
	GraphID    string      `json:"graph_id"`
	IfExists   string      `json:"if_exists"`
	TTL        *ttlBody    `json:"ttl"`
	Supersteps []superstep `json:"supersteps"`
}

type ttlBody struct {
	Strategy string  `json:"strategy"`
	Minutes  float64 `json:"ttl"`
}

const (
	strategyDelete     = "delete"
	strategyKeepLatest = "keep_latest"
)

func (b *ttlBody) value() (*TTL, error) {
	if b == nil {
		return nil, nil
	}
	if b.Strategy == "" {
		b.Strategy = strategyDelete
	}
	if b.Strategy != strategyDelete && b.Strategy != strategyKeepLatest {
		return nil, invalid("ttl.strategy", "%q is neither delete nor keep_latest", b.Strategy)
	}
	const century = 100 * 365 * 24 * 60
	if !(b.Minutes > 0 && b.Minutes <= century) {
		return nil, invalid("ttl.ttl", "%v minutes are not between 0 and %d", b.Minutes, century)
	}
	return &TTL{Strategy: b.Strategy, After: time.Duration(b.Minutes * float64(time.Minute))}, nil
}

func (s *Server) createThread(w http.ResponseWriter, r *http.Request) error {
	var b threadBody
	if err := decode(r, &b); err != nil {
		return err
	}
	t, err := b.thread(s.now())
	if err != nil {
		return err
	}
	err = s.backend.CreateThread(r.Context(), t)
	if errors.Is(err, ErrExists) && b.IfExists == "do_nothing" {
		err, b.Supersteps = nil, nil
	}
	if errors.Is(err, ErrExists) {
		return problem{Status: http.StatusConflict, Code: codeExists, Detail: "Thread with ID " + t.ID + " already exists"}
	}
	if err != nil {
		return err
	}
	if err := s.applySupersteps(r, t, b.Supersteps); err != nil {
		return errors.Join(err, s.backend.DeleteThread(r.Context(), t.ID))
	}
	return s.writeThread(w, r, t.ID)
}

func (b threadBody) thread(now time.Time) (Thread, error) {
	t := Thread{ID: uuid.NewString(), CreatedAt: now, UpdatedAt: now, Metadata: b.Metadata, Status: ThreadIdle}
	if b.ThreadID != "" {
		id, err := uuid.Parse(b.ThreadID)
		if err != nil {
			return t, invalid("thread_id", "Invalid thread ID: must be a UUID")
		}
		t.ID = id.String()
	}
	if t.Metadata == nil {
		t.Metadata = object{}
	}
	if b.GraphID != "" {
		t.Metadata["graph_id"] = quoted(b.GraphID)
	}
	if !slices.Contains([]string{"", "raise", "do_nothing"}, b.IfExists) {
		return t, invalid("if_exists", "%q is neither raise nor do_nothing", b.IfExists)
	}
	var err error
	t.TTL, err = b.TTL.value()
	return t, err
}

// thread returns a thread, or says so where there is none.
func (s *Server) thread(r *http.Request, id string) (Thread, error) {
	t, err := s.backend.Thread(r.Context(), id)
	if errors.Is(err, ErrNotFound) {
		return t, notFound("Thread", id)
	}
	return t, err
}

// missing says what was not found: the thread, or its checkpoint. Other errors stay what they are.
func (s *Server) missing(r *http.Request, threadID, checkpointID string, err error) error {
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	if _, err := s.thread(r, threadID); err != nil {
		return err
	}
	if checkpointID != "" {
		return notFound("Checkpoint", checkpointID)
	}
	return err
}

func (s *Server) writeThread(w http.ResponseWriter, r *http.Request, id string) error {
	t, err := s.thread(r, id)
	if err == nil {
		writeJSON(w, http.StatusOK, s.viewThread(t))
	}
	return err
}

func (s *Server) getThread(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	return s.writeThread(w, r, id)
}

func (s *Server) patchThread(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	var b threadBody
	if err := decode(r, &b); err != nil {
		return err
	}
	ttl, err := b.TTL.value()
	if err != nil {
		return err
	}
	if err := s.backend.PatchThread(r.Context(), id, b.Metadata, ttl); err != nil {
		return s.missing(r, id, "", err)
	}
	return s.writeThread(w, r, id)
}

func (s *Server) deleteThread(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	if err := s.backend.DeleteThread(r.Context(), id); err != nil {
		return s.missing(r, id, "", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) copyThread(w http.ResponseWriter, r *http.Request) error {
	id, err := threadID(r)
	if err != nil {
		return err
	}
	to := uuid.NewString()
	if err := s.backend.CopyThread(r.Context(), id, to); err != nil {
		return s.missing(r, id, "", err)
	}
	return s.writeThread(w, r, to)
}

// threadSearch selects threads.
type threadSearch struct {
	page
	IDs       []string          `json:"ids"`
	Metadata  object            `json:"metadata"`
	Values    object            `json:"values"`
	Status    ThreadStatus      `json:"status"`
	SortBy    string            `json:"sort_by"`
	SortOrder string            `json:"sort_order"`
	Select    []string          `json:"select"`
	Extract   map[string]string `json:"extract"`
}

func (q threadSearch) query() (ThreadQuery, error) {
	out := ThreadQuery{IDs: q.IDs, Metadata: q.Metadata, Values: q.Values, Status: q.Status, SortBy: q.SortBy, Ascending: q.SortOrder == "asc"}
	for _, one := range []struct {
		field, value string
		allowed      []string
	}{
		{"status", string(q.Status), []string{"idle", "busy", "interrupted", "error"}},
		{"sort_by", q.SortBy, []string{"thread_id", "status", "created_at", "updated_at", "state_updated_at"}},
		{"sort_order", q.SortOrder, []string{"asc", "desc"}},
	} {
		if one.value != "" && !slices.Contains(one.allowed, one.value) {
			return out, invalid(one.field, "%q is not one of %s", one.value, strings.Join(one.allowed, ", "))
		}
	}
	if len(q.Extract) > 0 {
		return out, invalid("extract", "is not served: select the field and take from it what you need")
	}
	switch out.SortBy {
	case "":
		out.SortBy = "created_at"
	case "state_updated_at":
		out.SortBy = "updated_at"
	}
	out.WithValues = len(q.Select) == 0 || slices.Contains(q.Select, "values") || slices.Contains(q.Select, "interrupts")
	for _, id := range q.IDs {
		if _, err := uuid.Parse(id); err != nil {
			return out, invalid("ids", "%q is no UUID", id)
		}
	}
	return out, nil
}

func (s *Server) searchThreads(w http.ResponseWriter, r *http.Request) error {
	var b threadSearch
	if err := decode(r, &b); err != nil {
		return err
	}
	q, err := b.query()
	if err != nil {
		return err
	}
	if q.Limit, q.Offset, err = b.values(); err != nil {
		return err
	}
	q.Metadata = s.assistants.reduce(q.Metadata)
	threads, total, err := s.backend.Threads(r.Context(), q)
	if err != nil {
		return err
	}
	views := make([]threadView, 0, len(threads))
	for _, t := range threads {
		views = append(views, s.viewThread(t))
	}
	return writePage(w, views, total, q.Limit, q.Offset, b.Select)
}

func (s *Server) countThreads(w http.ResponseWriter, r *http.Request) error {
	var b threadSearch
	if err := decode(r, &b); err != nil {
		return err
	}
	q, err := b.query()
	if err != nil {
		return err
	}
	q.WithValues, q.Metadata = false, s.assistants.reduce(q.Metadata)
	_, total, err := s.backend.Threads(r.Context(), q)
	if err == nil {
		writeJSON(w, http.StatusOK, total)
	}
	return err
}

// pruneThreads counts the threads that it found; the others are left out in silence, as LangGraph's server does.
func (s *Server) pruneThreads(w http.ResponseWriter, r *http.Request) error {
	var b struct {
		ThreadIDs []string `json:"thread_ids"`
		Strategy  string   `json:"strategy"`
	}
	if err := decode(r, &b); err != nil {
		return err
	}
	prune := s.backend.DeleteThread
	switch b.Strategy {
	case "", strategyDelete:
	case strategyKeepLatest:
		prune = s.backend.PruneThread
	default:
		return invalid("strategy", "%q is neither delete nor keep_latest", b.Strategy)
	}
	if len(b.ThreadIDs) == 0 || len(b.ThreadIDs) > maxLimit {
		return invalid("thread_ids", "name 1 to %d threads", maxLimit)
	}
	pruned := 0
	for _, id := range b.ThreadIDs {
		err := prune(r.Context(), id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("pruning thread %s, after %d others: %w", id, pruned, err)
		}
		pruned++
	}
	writeJSON(w, http.StatusOK, map[string]int{"pruned_count": pruned})
	return nil
}

// graphOf is the graph that a thread belongs to.
func (s *Server) graphOf(t Thread) (string, error) {
	var id string
	if raw, ok := t.Metadata["graph_id"]; ok {
		if err := json.Unmarshal(raw, &id); err != nil {
			return "", problem{Status: http.StatusBadRequest, Code: codeInvalid, Field: "graph_id", Detail: "the thread's metadata.graph_id is no string"}
		}
	}
	if id == "" {
		return "", problem{Status: http.StatusBadRequest, Code: codeInvalid, Field: "graph_id", Detail: fmt.Sprintf(
			"Thread %s has no graph ID: run a graph on it first, or set graph_id in its metadata", t.ID)}
	}
	if _, ok := s.assistants.graphs[id]; !ok {
		return "", notFound("Graph", id)
	}
	return id, nil
}
