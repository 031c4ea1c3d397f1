package langsmith

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/ragline/ragline/schemas/event"
)

// Shows is zero: sending a run again that is not shown yet does no harm.
func (b *Backend) Shows() time.Duration { return 0 }

// Find asks for runs by their ids. Feedback is not asked for: sent again,
// it overwrites.
func (b *Backend) Find(ctx context.Context, events []event.Event) ([]bool, error) {
	found := make([]bool, len(events))
	owner := map[string]int{}
	var ids []string
	for i, e := range events {
		s, ok := e.Data.(*event.SpanEnded)
		if !ok {
			continue
		}
		id := runUUID(s.GetTraceId(), s.GetSpanId()).String()
		if s.GetParentSpanId() == "" {
			id = traceUUID(s.GetTraceId()).String()
		}
		owner[id] = i
		ids = append(ids, id)
	}
	for some := range slices.Chunk(ids, maxRuns) {
		known, err := b.query(ctx, some)
		if err != nil {
			return nil, err
		}
		for _, id := range known {
			if i, ok := owner[id]; ok {
				found[i] = true
			}
		}
	}
	return found, nil
}

// query returns those of the ids that LangSmith knows.
func (b *Backend) query(ctx context.Context, ids []string) ([]string, error) {
	var page struct {
		Runs []struct {
			ID string `json:"id"`
		} `json:"runs"`
	}
	if err := b.call(ctx, http.MethodPost, "/runs/query", map[string]any{"id": ids, "select": []string{"id"}, "limit": maxRuns}, &page); err != nil {
		return nil, err
	}
	var known []string
	for _, r := range page.Runs {
		known = append(known, r.ID)
	}
	return known, nil
}
