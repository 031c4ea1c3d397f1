package langsmith

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
)

// CountSpans asks for the number of runs of the project that started then. A project that does not exist yet has none.
func (b *Backend) CountSpans(ctx context.Context, from, to time.Time) (int64, error) {
	project, err := b.project(ctx)
	if err != nil || project == "" {
		return 0, err
	}
	first, last := from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)
	var stats struct {
		Runs *int64 `json:"run_count"`
	}
	err = b.call(ctx, http.MethodPost, "/runs/stats", map[string]any{
		// Without start_time LangSmith looks at the last day only. Whether its end_time is a bound of the start or of the
		// end of runs is not said, so the filter bounds the start.
		"session": []string{project}, "start_time": first, "filter": fmt.Sprintf(`and(gte(start_time, %q), lt(start_time, %q))`, first, last),
	}, &stats)
	if err == nil && stats.Runs == nil {
		err = &trace.BlockedError{Err: errForeign}
	}
	if err != nil {
		return 0, err
	}
	return *stats.Runs, nil
}

// project returns the id of the project, or "".
func (b *Backend) project(ctx context.Context) (string, error) {
	var found []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := b.call(ctx, http.MethodGet, "/sessions?"+url.Values{"name": {b.cfg.Project}, "limit": {"1"}}.Encode(), nil, &found); err != nil {
		return "", err
	}
	for _, p := range found {
		if p.Name == b.cfg.Project {
			return p.ID, nil
		}
	}
	return "", nil
}

// call asks a question of JSON and reads the answer into out. A nil question has no body.
func (b *Backend) call(ctx context.Context, method, path string, question map[string]any, out any) error {
	r := httpapi.Request{Method: method, URL: b.cfg.url(path), Header: b.header("")}
	if question != nil {
		raw, err := json.Marshal(question)
		if err != nil {
			return fmt.Errorf("building question: %w", err)
		}
		r.Header, r.Body = b.header("application/json"), raw
	}
	body, err := b.do(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &trace.RetryError{Err: fmt.Errorf("reading LangSmith's answer: %w", err)}
	}
	return nil
}
