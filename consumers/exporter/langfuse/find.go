package langfuse

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// idsPerQuestion keeps URLs short: an id of a score has up to 800 characters, but usually 60.
const (
	idsPerQuestion = 50
	pageSize       = "1000"
)

// errUnfiltered says that the server does not know the filter: a v3.
var errUnfiltered = errors.New("LangFuse answered with observations that were not asked for")

var errUncounted = errors.New("LangFuse answered without the number of observations (check LANGFUSE_HOST)")

// Shows is the setting.
func (b *otlp) Shows() time.Duration { return b.cfg.Shows }

// Find asks for the ids. A server without these endpoints is a v3, which keeps one copy of each id: there nothing is
// found, and sending again does no harm.
func (b *otlp) Find(ctx context.Context, events []event.Event) ([]bool, error) {
	spans, scores := map[string][]int{}, map[string][]int{}
	from, to := time.Time{}, time.Time{}
	for i, e := range events {
		s, ok := e.Data.(*event.SpanEnded)
		if !ok {
			body, _ := b.scoreOf(e)
			scores[body.ID] = append(scores[body.ID], i)
			continue
		}
		spans[s.GetSpanId()] = append(spans[s.GetSpanId()], i)
		start := s.GetStartTime().AsTime()
		if from.IsZero() || start.Before(from) {
			from = start
		}
		if start.After(to) {
			to = start
		}
	}
	found := make([]bool, len(events))
	mark := func(indexes []int) {
		for _, i := range indexes {
			found[i] = true
		}
	}
	err := b.findSpans(ctx, spans, from, to, func(o observation) {
		for _, i := range spans[o.ID] { // an id of 8 bytes may stand in two traces
			if events[i].Data.(*event.SpanEnded).GetTraceId() == o.TraceID {
				mark([]int{i})
			}
		}
	})
	if err == nil {
		err = b.findScores(ctx, scores, func(id string) { mark(scores[id]) })
	}
	if errors.Is(err, httpapi.ErrNotFound) || errors.Is(err, errUnfiltered) {
		err = nil
	}
	return found, err
}

type observation struct {
	ID      string `json:"id"`
	TraceID string `json:"traceId"`
}

type page[T any] struct {
	Data []T `json:"data"`
	Meta struct {
		Cursor string `json:"cursor"`
	} `json:"meta"`
}

func (b *otlp) findSpans(ctx context.Context, ids map[string][]int, from, to time.Time, seen func(observation)) error {
	for some := range slices.Chunk(sorted(ids), idsPerQuestion) {
		filter := append(within(from, to.Add(time.Millisecond)), condition{Type: "stringOptions", Column: "id", Operator: "any of", Value: some})
		err := b.observations(ctx, filter, func(o observation) error {
			if ids[o.ID] == nil {
				return errUnfiltered
			}
			seen(o)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// condition is one of the conditions of the observations API.
type condition struct {
	Type     string `json:"type"`
	Column   string `json:"column"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

func within(from, to time.Time) []condition {
	return []condition{
		{"datetime", "startTime", ">=", timestamp(from)},
		{"datetime", "startTime", "<", timestamp(to)},
	}
}

// observations reads all pages.
func (b *otlp) observations(ctx context.Context, filter []condition, seen func(observation) error) error {
	query := url.Values{"fields": {"core"}, "limit": {pageSize}, "filter": {asJSON(filter)}}
	return pages(ctx, b.server, "/api/public/v2/observations", query, seen)
}

func (b *otlp) findScores(ctx context.Context, ids map[string][]int, seen func(id string)) error {
	for some := range slices.Chunk(sorted(ids), idsPerQuestion) {
		query := url.Values{"id": {strings.Join(some, ",")}, "limit": {"100"}}
		err := pages(ctx, b.server, "/api/public/v3/scores", query, func(s observation) error { seen(s.ID); return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

func pages[T any](ctx context.Context, s *server, path string, query url.Values, seen func(T) error) error {
	for {
		var p page[T]
		if err := s.get(ctx, path, query, &p); err != nil {
			return err
		}
		for _, row := range p.Data {
			if err := seen(row); err != nil {
				return err
			}
		}
		if p.Meta.Cursor == "" {
			return nil
		}
		query.Set("cursor", p.Meta.Cursor)
	}
}

// CountSpans reads the ids of the spans, each once. A v3 keeps one copy of each and counts by itself.
func (b *otlp) CountSpans(ctx context.Context, from, to time.Time) (int64, error) {
	ids := map[observation]bool{}
	err := b.observations(ctx, within(from, to), func(o observation) error { ids[o] = true; return nil })
	if errors.Is(err, httpapi.ErrNotFound) {
		return b.countOld(ctx, from, to)
	}
	return int64(len(ids)), err
}

// CountSpans asks for their number.
func (b *legacy) CountSpans(ctx context.Context, from, to time.Time) (int64, error) {
	return b.countOld(ctx, from, to)
}

// countOld asks the observations API of v2 and v3 for a page, for the total that comes with it.
func (s *server) countOld(ctx context.Context, from, to time.Time) (int64, error) {
	var page struct {
		Meta struct {
			Total *int64 `json:"totalItems"`
		} `json:"meta"`
	}
	query := url.Values{"fromStartTime": {timestamp(from)}, "toStartTime": {timestamp(to)}, "limit": {"1"}, "page": {"1"}}
	if err := s.get(ctx, "/api/public/observations", query, &page); err != nil {
		return 0, err
	}
	if page.Meta.Total == nil {
		return 0, &trace.BlockedError{Err: errUncounted}
	}
	return *page.Meta.Total, nil
}

func sorted(ids map[string][]int) []string {
	all := make([]string, 0, len(ids))
	for id := range ids {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}
