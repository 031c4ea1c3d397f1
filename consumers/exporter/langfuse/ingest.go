package langfuse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/henomis/langfuse-go/model"

	"github.com/ragline/ragline/consumers/exporter/internal/httpapi"
	"github.com/ragline/ragline/consumers/exporter/trace"
	"github.com/ragline/ragline/schemas/event"
)

// ingestPath takes a batch of events of several kinds and answers 207, event by event.
const ingestPath = "/api/public/ingestion"

// entry is one event of a batch. Its id and time are functions of ours: the server keeps one copy of each id.
type entry struct {
	ID        string                   `json:"id"`
	Type      model.IngestionEventType `json:"type"`
	Timestamp string                   `json:"timestamp"`
	Body      any                      `json:"body"`
}

type answer struct {
	Successes []struct {
		ID string `json:"id"`
	} `json:"successes"`
	Errors []struct {
		ID      string `json:"id"`
		Status  int    `json:"status"`
		Message string `json:"message"`
		Error   any    `json:"error"`
	} `json:"errors"`
}

// ingest sends the events with the indexes, each as one entry or several, and reads the answer entry by entry.
func (b backend) ingest(ctx context.Context, events []event.Event, indexes []int) (trace.Result, error) {
	var result trace.Result
	var batch []entry
	owner := map[string]int{} // event index by entry id
	for _, i := range indexes {
		entries, reason := b.entriesOf(events[i])
		if reason != "" {
			result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: reason})
			continue
		}
		for _, en := range entries {
			owner[en.ID] = i
		}
		batch = append(batch, entries...)
	}
	if len(batch) == 0 {
		return result, nil
	}
	body, err := b.post(ctx, ingestPath, map[string]any{"batch": batch})
	if err != nil {
		return result, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return result, &trace.RetryError{Err: fmt.Errorf("reading LangFuse's answer: %w", err)}
	}
	return settle(result, a, owner)
}

// settle reads a 207. An event is settled when all of its entries are; one that the answer does not name is sent again.
func settle(result trace.Result, a answer, owner map[string]int) (trace.Result, error) {
	open := map[int]int{} // entries without an answer, by event
	for _, i := range owner {
		open[i]++
	}
	verdicts := map[int]error{}
	for _, s := range a.Successes {
		if i, ok := owner[s.ID]; ok {
			open[i]--
		}
	}
	for _, e := range a.Errors {
		i, ok := owner[e.ID]
		if !ok {
			continue
		}
		open[i]--
		verdicts[i] = verdict(e.Status, e.ID, e.Message, e.Error)
	}
	var failed error
	for i, left := range open {
		var rejected *trace.RejectedError
		switch err := verdicts[i]; {
		case errors.As(err, &rejected):
			result.Rejected = append(result.Rejected, trace.Rejection{Index: i, Reason: err.Error()})
		case err != nil:
			failed = worse(failed, err)
		case left > 0:
			failed = worse(failed, &trace.RetryError{Err: errUnanswered})
		default:
			result.Settled = append(result.Settled, i)
		}
	}
	return result, failed
}

var errUnanswered = errors.New("LangFuse's answer does not name every event of the batch")

func verdict(status int, id, message string, detail any) error {
	err := fmt.Errorf("LangFuse refused %s with %d: %s", id, status, httpapi.Line(fmt.Sprintf("%s %v", message, detail)))
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return &trace.BlockedError{Err: fmt.Errorf("%w (check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY)", err)}
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return &trace.RetryError{Err: err}
	default:
		return &trace.RejectedError{Err: err}
	}
}
