package checkpoint

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// complete fills in what a caller may leave out.
func (t Thread) complete(now time.Time) (Thread, error) {
	if t.Metadata == nil {
		t.Metadata = json.RawMessage(`{}`)
	}
	if !isObject(t.Metadata) {
		return t, fmt.Errorf("metadata of thread %s is no JSON object: %w", t.ID, ErrInvalid)
	}
	t.UpdatedAt = now
	if t.CreatedAt.IsZero() {
		t.CreatedAt = now
	}
	return t, nil
}

func isObject(raw json.RawMessage) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(raw, &m) == nil && m != nil
}

func (q ThreadQuery) validate() error {
	if !slices.Contains([]string{"", "thread_id", "status", "created_at", "updated_at"}, q.SortBy) {
		return fmt.Errorf("sorting threads by %q: %w", q.SortBy, ErrInvalid)
	}
	if q.Metadata != nil && !isObject(q.Metadata) {
		return fmt.Errorf("metadata to look for is no JSON object: %w", ErrInvalid)
	}
	return nil
}

// contains says whether a document has all that another asks for, by the rules of PostgreSQL's @>:
// an object contains the wanted keys, an array the wanted elements in any order.
func contains(document, wanted any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		d, ok := document.(map[string]any)
		for key, value := range w {
			has, there := d[key]
			if !there || !contains(has, value) {
				return false
			}
		}
		return ok
	case []any:
		d, ok := document.([]any)
		for _, value := range w {
			if !slices.ContainsFunc(d, func(has any) bool { return contains(has, value) }) {
				return false
			}
		}
		return ok
	default:
		return document == wanted
	}
}

// containsJSON is contains for documents that are not decoded yet.
func containsJSON(document, wanted []byte) (bool, error) {
	var d, w any
	if err := json.Unmarshal(document, &d); err != nil {
		return false, err
	}
	if err := json.Unmarshal(wanted, &w); err != nil {
		return false, err
	}
	return contains(d, w), nil
}
