package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/checkpoint"
)

// mostThreads bounds how many threads a search by values looks at.
const mostThreads = 10_000

// ttlKey is where a thread's metadata keep its time to live. Clients do not see it.
const ttlKey = "__ttl__"

func (b *Backend) key(threadID string) string { return b.Tenant + threadID }

// Thread returns one thread.
func (b *Backend) Thread(ctx context.Context, id string) (api.Thread, error) {
	t, err := b.Store.Thread(ctx, b.key(id))
	if err != nil {
		return api.Thread{}, translate(err)
	}
	out, err := b.thread(t)
	if err == nil {
		err = b.settleStatus(ctx, &out)
	}
	if err != nil {
		return out, err
	}
	return out, b.fill(ctx, &out)
}

// settleStatus makes a thread idle whose last run was canceled: to the store this is a run that has failed.
func (b *Backend) settleStatus(ctx context.Context, t *api.Thread) error {
	if t.Status != api.ThreadError {
		return nil
	}
	last, err := b.Store.ThreadRuns(ctx, b.key(t.ID), 1, 0)
	if err == nil && len(last) > 0 && strings.HasPrefix(last[0].Error, Canceled) {
		t.Status = api.ThreadIdle
	}
	return err
}

func (b *Backend) thread(t checkpoint.Thread) (api.Thread, error) {
	out := api.Thread{
		ID: strings.TrimPrefix(t.ID, b.Tenant), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
		Status: api.ThreadStatus(t.Status), Metadata: map[string]json.RawMessage{},
	}
	if len(t.Metadata) > 0 {
		if err := json.Unmarshal(t.Metadata, &out.Metadata); err != nil {
			return out, fmt.Errorf("reading the metadata of thread %s: %w", t.ID, err)
		}
	}
	if raw, ok := out.Metadata[ttlKey]; ok {
		delete(out.Metadata, ttlKey)
		out.TTL = &api.TTL{}
		if err := json.Unmarshal(raw, out.TTL); err != nil {
			return out, fmt.Errorf("reading the time to live of thread %s: %w", t.ID, err)
		}
	}
	if _, ok := out.Metadata["graph_id"]; !ok {
		out.Metadata["graph_id"] = quote(b.GraphID)
	}
	return out, nil
}

func quote(s string) json.RawMessage {
	raw, _ := json.Marshal(s) //nolint:errchkjson // a string
	return raw
}

// fill adds what the newest checkpoint says.
func (b *Backend) fill(ctx context.Context, t *api.Thread) error {
	s, err := b.Engine.State(ctx, b.key(t.ID), "")
	if err != nil {
		return translate(err)
	}
	if s.Checkpoint.ID == "" {
		return nil
	}
	t.Values = s.Values
	for _, task := range s.Tasks {
		if pending := open(task); len(pending) > 0 {
			t.Interrupts = append(t.Interrupts, api.TaskInterrupts{TaskID: task.ID, Interrupts: pending})
		}
	}
	return nil
}

// Threads returns a page of the threads that match. All threads are of the one graph, whether they say so or not.
func (b *Backend) Threads(ctx context.Context, q api.ThreadQuery) ([]api.Thread, int, error) {
	query := checkpoint.ThreadQuery{
		Prefix: b.Tenant, Status: checkpoint.ThreadStatus(q.Status), SortBy: q.SortBy, Ascending: q.Ascending,
		Limit: q.Limit, Offset: q.Offset,
	}
	for _, id := range q.IDs {
		query.IDs = append(query.IDs, b.key(id))
	}
	metadata := maps.Clone(q.Metadata)
	if raw, ok := metadata["graph_id"]; ok {
		if string(raw) != string(quote(b.GraphID)) {
			return nil, 0, nil
		}
		delete(metadata, "graph_id")
	}
	if len(metadata) > 0 {
		raw, err := json.Marshal(metadata)
		if err != nil {
			return nil, 0, fmt.Errorf("%w: encoding metadata: %w", api.ErrInvalid, err)
		}
		query.Metadata = raw
	}
	if len(q.Values) > 0 {
		return b.withValues(ctx, query, q)
	}
	list, total, err := b.Store.SearchThreads(ctx, query)
	if err != nil {
		return nil, 0, translate(err)
	}
	page, err := b.page(ctx, list, q.WithValues)
	return page, total, err
}

func (b *Backend) page(ctx context.Context, list []checkpoint.Thread, values bool) ([]api.Thread, error) {
	page := []api.Thread{}
	for _, t := range list {
		one, err := b.thread(t)
		if err == nil {
			err = b.settleStatus(ctx, &one)
		}
		if err == nil && values {
			err = b.fill(ctx, &one)
		}
		if err != nil {
			return nil, err
		}
		page = append(page, one)
	}
	return page, nil
}

// withValues looks into the states.
func (b *Backend) withValues(ctx context.Context, query checkpoint.ThreadQuery, q api.ThreadQuery) ([]api.Thread, int, error) {
	query.Limit, query.Offset = mostThreads, 0
	list, _, err := b.Store.SearchThreads(ctx, query)
	if err != nil {
		return nil, 0, translate(err)
	}
	all, err := b.page(ctx, list, true)
	if err != nil {
		return nil, 0, err
	}
	var found []api.Thread
	for _, t := range all {
		if api.Contains(t.Values, q.Values) {
			found = append(found, t)
		}
	}
	from := min(q.Offset, len(found))
	return found[from:min(from+q.Limit, len(found))], len(found), nil
}

// CreateThread stores a thread without a checkpoint.
func (b *Backend) CreateThread(ctx context.Context, t api.Thread) error {
	_, err := b.Store.Thread(ctx, b.key(t.ID))
	switch {
	case err == nil:
		return fmt.Errorf("thread %s: %w", t.ID, api.ErrExists)
	case !errors.Is(err, checkpoint.ErrNotFound):
		return err
	}
	return b.put(ctx, t)
}

func (b *Backend) put(ctx context.Context, t api.Thread) error {
	metadata := maps.Clone(t.Metadata)
	if metadata == nil {
		metadata = map[string]json.RawMessage{}
	}
	out := checkpoint.Thread{ID: b.key(t.ID), CreatedAt: t.CreatedAt, UpdatedAt: b.Now().UTC()}
	if t.TTL != nil {
		raw, err := json.Marshal(t.TTL)
		if err != nil {
			return fmt.Errorf("encoding a time to live: %w", err)
		}
		metadata[ttlKey] = raw
		out.ExpiresAt = out.UpdatedAt.Add(t.TTL.After)
	}
	if out.CreatedAt.IsZero() {
		out.CreatedAt = out.UpdatedAt
	}
	raw, err := json.Marshal(metadata)
	if err != nil {
		return fmt.Errorf("%w: encoding metadata: %w", api.ErrInvalid, err)
	}
	out.Metadata = raw
	_, err = b.Store.PutThread(ctx, out)
	return translate(err)
}

// PatchThread merges metadata and sets the time to live unless it is nil.
func (b *Backend) PatchThread(ctx context.Context, id string, metadata map[string]json.RawMessage, ttl *api.TTL) error {
	stored, err := b.Store.Thread(ctx, b.key(id))
	if err != nil {
		return translate(err)
	}
	t, err := b.thread(stored)
	if err != nil {
		return err
	}
	maps.Copy(t.Metadata, metadata)
	if ttl != nil {
		t.TTL = ttl
	}
	return b.put(ctx, t)
}

// DeleteThread forgets a thread. A run that waits for an answer is ended first: nobody can answer any more.
func (b *Backend) DeleteThread(ctx context.Context, id string) error {
	if err := b.dismiss(ctx, b.key(id), ""); err != nil {
		return err
	}
	return translate(b.Store.DeleteThread(ctx, b.key(id)))
}

// dismiss ends the run of a thread that waits for an answer, if there is one and it is the one named. "" names any.
func (b *Backend) dismiss(ctx context.Context, key, only string) error {
	run, err := b.Store.Turn(ctx, key)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return nil
	case err != nil:
		return err
	case run.Status != checkpoint.StatusInterrupted || only != "" && run.ID != only:
		return nil
	}
	return b.Agent.Cancel(ctx, run)
}

// PruneThread forgets all checkpoints but those that the newest needs.
func (b *Backend) PruneThread(ctx context.Context, id string) error {
	_, err := b.Store.TrimThread(ctx, b.key(id))
	return translate(err)
}

// CopyThread gives a new thread the state of another, as one checkpoint.
func (b *Backend) CopyThread(ctx context.Context, from, to string) error {
	source, err := b.Store.Thread(ctx, b.key(from))
	if err != nil {
		return translate(err)
	}
	t, err := b.thread(source)
	if err != nil {
		return err
	}
	t.ID, t.CreatedAt = to, b.Now().UTC()
	if err := b.CreateThread(ctx, t); err != nil {
		return err
	}
	return translate(b.Engine.CopyThread(ctx, b.key(from), b.key(to)))
}

// Expire ends the time of threads that have a time to live. It returns how many it forgot or trimmed.
func (b *Backend) Expire(ctx context.Context, limit int) (int, error) {
	ids, err := b.Store.Expired(ctx, b.Now(), limit)
	if err != nil {
		return 0, err
	}
	for _, key := range ids {
		if err := b.expire(ctx, key); err != nil && !errors.Is(err, checkpoint.ErrBusy) && !errors.Is(err, checkpoint.ErrNotFound) {
			return 0, fmt.Errorf("forgetting thread %s: %w", key, err)
		}
	}
	return len(ids), nil
}

func (b *Backend) expire(ctx context.Context, key string) error {
	stored, err := b.Store.Thread(ctx, key)
	if err != nil {
		return err
	}
	t, err := b.thread(stored)
	if err != nil || t.TTL == nil || t.TTL.Strategy != "keep_latest" {
		return b.Store.DeleteThread(ctx, key)
	}
	if _, err := b.Store.TrimThread(ctx, key); err != nil {
		return err
	}
	return b.put(ctx, t) // the time begins again
}
